package io.github.blip2j.io;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What wrappers of training add to tensor names, and a state dict of the wrapped model keeps:
 * {@code module.} of {@code DataParallel} and {@code DistributedDataParallel}, {@code _orig_mod.}
 * of {@code torch.compile}, those of FSDP and of activation checkpoints, and the name that a model
 * has in a larger one, such as {@code model.} in a Lightning module.
 */
public final class WrapperNames {
  private static final Set<String> WRAPPERS =
      Set.of("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module");

  private WrapperNames() {}

  /** Opens a file or folder, without the names of wrappers. */
  public static Checkpoint open(Path path) throws IOException {
    Checkpoint stored = Checkpoint.open(path);
    try (var opened = new OpenResources()) {
      opened.add(stored::close);
      return opened.keep(removed(stored));
    }
  }

  /**
   * A checkpoint without the names of wrappers, wherever they stand; itself, if there are none.
   *
   * @throws CheckpointException if two tensors are called alike without them
   */
  public static Checkpoint removed(Checkpoint checkpoint) throws CheckpointException {
    boolean clean =
        checkpoint.tensors().keySet().stream().allMatch(name -> name.equals(bare(name)));
    return clean ? checkpoint : checkpoint.renamed(name -> Optional.of(bare(name)));
  }

  /**
   * As {@link #removed(Checkpoint)}, and without what stands before {@code landmark}, a tensor that
   * every model of the kind has. Names without that prefix are kept, to be reported.
   *
   * @throws CheckpointException if two tensors are called alike without them
   */
  public static Checkpoint removed(Checkpoint checkpoint, String landmark)
      throws CheckpointException {
    Checkpoint bare = removed(checkpoint);
    String prefix = before(bare.tensors().navigableKeySet(), landmark);
    return prefix.isEmpty()
        ? bare
        : bare.renamed(
            name -> Optional.of(name.startsWith(prefix) ? name.substring(prefix.length()) : name));
  }

  /** What stands before {@code landmark} in the one name that ends so, or nothing. */
  public static String before(NavigableSet<String> names, String landmark) {
    if (names.contains(landmark)) {
      return "";
    }
    Set<String> prefixes =
        names.stream()
            .filter(name -> name.endsWith("." + landmark))
            .map(name -> name.substring(0, name.length() - landmark.length()))
            .collect(Collectors.toSet());
    return prefixes.size() == 1 ? prefixes.iterator().next() : "";
  }

  private static String bare(String name) {
    return Arrays.stream(name.split("\\.", -1))
        .filter(part -> !WRAPPERS.contains(part))
        .collect(Collectors.joining("."));
  }
}
