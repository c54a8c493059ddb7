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
 * Removes the prefixes that training wrappers add to tensor names and that remain in a state dict:
 * {@code module.} of {@code DataParallel} and {@code DistributedDataParallel}, {@code _orig_mod.}
 * of {@code torch.compile}, those of FSDP and of activation checkpointing, and the name of a model
 * within a larger one, such as {@code model.} in a Lightning module.
 */
public final class WrapperNames {
  private static final Set<String> WRAPPERS =
      Set.of("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module");

  private WrapperNames() {}

  /** Opens a file or folder, with the wrappers' prefixes removed. */
  public static Checkpoint open(Path path) throws IOException {
    Checkpoint stored = Checkpoint.open(path);
    try (var opened = new OpenResources()) {
      opened.add(stored::close);
      return opened.keep(removed(stored));
    }
  }

  /**
   * A checkpoint with the wrappers' prefixes removed, wherever they stand; the same checkpoint if
   * there are none.
   *
   * @throws CheckpointException if two tensors would get the same name
   */
  public static Checkpoint removed(Checkpoint checkpoint) throws CheckpointException {
    boolean clean =
        checkpoint.tensors().keySet().stream().allMatch(name -> name.equals(bare(name)));
    return clean ? checkpoint : checkpoint.renamed(name -> Optional.of(bare(name)));
  }

  /**
   * As {@link #removed(Checkpoint)}, and also without the prefix of {@code landmark}, a tensor that
   * every model of the kind has. Names without that prefix are kept, and are reported later as
   * unexpected.
   *
   * @throws CheckpointException if two tensors would get the same name
   */
  public static Checkpoint removed(Checkpoint checkpoint, String landmark)
      throws CheckpointException {
    Checkpoint bare = removed(checkpoint);
    String prefix = before(bare.tensors().navigableKeySet(), landmark);
    return prefix.isEmpty()
        ? bare
        : bare.renamed(
            name -> Optional.of(name.startsWith(prefix) ? name.substring(prefix.length()) : name),
            name -> prefix + name);
  }

  /** The prefix of {@code landmark} in the only name that ends with it, or the empty string. */
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
