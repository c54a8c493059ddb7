package io.github.blip2j.nn;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.tensor.TensorEntry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The tensors of a checkpoint under this library's parameter names. */
public final class CheckpointWeights implements Weights {
  private final Checkpoint checkpoint;
  private final KeyMap keys;
  private final String origin;

  /** The checkpoint's tensors, translated by {@code keys}. */
  public CheckpointWeights(String origin, Checkpoint checkpoint, KeyMap keys) {
    this.origin = origin;
    this.checkpoint = checkpoint;
    this.keys = keys;
  }

  @Override
  public String origin() {
    return origin;
  }

  /** The stored name of a parameter: the one of its names that exists, or else the first. */
  public KeyMap.Key storedAs(String name) {
    List<KeyMap.Key> candidates = keys.candidates(name);
    return candidates.stream()
        .filter(key -> checkpoint.tensors().containsKey(key.name()))
        .findFirst()
        .orElse(candidates.get(0));
  }

  @Override
  public String storedName(String name) {
    return checkpoint.nameInFile(storedAs(name).name());
  }

  @Override
  public @Nullable Stored find(String name) throws IOException {
    KeyMap.Key key = storedAs(name);
    TensorEntry entry = checkpoint.tensors().get(key.name());
    return entry == null ? null : new Stored(entry.dtype(), entry.shape(), key.parts());
  }

  @Override
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    KeyMap.Key key = storedAs(name);
    TensorEntry entry = checkpoint.tensors().get(key.name());
    if (entry == null) {
      throw new IOException(origin + ": tensor expected under " + key.name() + ", got none");
    }
    long start = entry.byteSize() / key.parts() * key.part();
    checkpoint.read(key.name(), start + byteOffset, into);
  }

  @Override
  public Set<String> unused(Set<String> used) {
    Set<String> unused = new TreeSet<>(checkpoint.tensors().keySet());
    for (String name : used) {
      String read = storedAs(name).name();
      unused.remove(read);
      keys.candidates(name).stream()
          .map(KeyMap.Key::name)
          .filter(other -> unused.contains(other) && same(other, read))
          .forEach(unused::remove);
    }
    unused.removeIf(keys::ignores);
    return unused.stream()
        .map(checkpoint::nameInFile)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private boolean same(String stored, String read) {
    try {
      return checkpoint.sameBytes(stored, read);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
