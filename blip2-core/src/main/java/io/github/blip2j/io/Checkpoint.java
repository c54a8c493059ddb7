package io.github.blip2j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a model folder, in one safetensors file or in shards behind an index. Every shard
 * is opened and checked at once, so that what is missing is known before the first read; reads are
 * safe from any number of threads.
 */
public final class Checkpoint implements AutoCloseable {
  static final String SINGLE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";
  private static final String WEIGHT_MAP = "weight_map";
  private static final int NAMES_IN_MESSAGE = 8;

  private final Map<String, SafetensorsFile> files; // by file name
  private final NavigableMap<String, TensorEntry> tensors;

  private Checkpoint(
      Map<String, SafetensorsFile> files, NavigableMap<String, TensorEntry> tensors) {
    this.files = files;
    this.tensors = Collections.unmodifiableNavigableMap(tensors);
  }

  /**
   * Opens a folder that holds {@code model.safetensors} or {@code model.safetensors.index.json};
   * the single file wins, as it does in Python.
   *
   * @throws CheckpointException if there is no such folder, it holds no weights that can be read,
   *     or shards and index disagree
   */
  public static Checkpoint open(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      String found = Files.exists(folder) ? "a file" : "none";
      throw new CheckpointException(
          "%s: model folder expected, got %s; check the path".formatted(folder, found));
    }
    if (Files.exists(folder.resolve(SINGLE))) {
      SafetensorsFile file = SafetensorsFile.open(folder.resolve(SINGLE));
      return new Checkpoint(Map.of(SINGLE, file), file.tensors());
    }
    if (Files.exists(folder.resolve(INDEX))) {
      return openShards(folder);
    }
    throw new CheckpointException(noWeights(folder));
  }

  /** Every tensor by its name in the checkpoint, sorted; unmodifiable. */
  public NavigableMap<String, TensorEntry> tensors() {
    return tensors;
  }

  /**
   * Fills the buffer's remaining bytes from part of a tensor, little-endian.
   *
   * @param byteOffset where to start, counted from the tensor's first byte
   * @throws CheckpointException if there is no such tensor or it is of an unknown type
   * @throws IllegalArgumentException if the part reaches outside the tensor
   */
  public void read(String name, long byteOffset, ByteBuffer into) throws IOException {
    fileOf(name).read(name, byteOffset, into);
  }

  /**
   * Reads a whole tensor into the buffer's remaining bytes, little-endian.
   *
   * @throws CheckpointException if there is no such tensor or it is of an unknown type
   * @throws IllegalArgumentException if the buffer's remaining bytes are not the tensor's
   */
  public void read(String name, ByteBuffer into) throws IOException {
    fileOf(name).read(name, into);
  }

  /** Closes every file. */
  @Override
  public void close() throws IOException {
    closeAll(files);
  }

  private SafetensorsFile fileOf(String name) throws CheckpointException {
    @Nullable TensorEntry entry = tensors.get(name);
    @Nullable SafetensorsFile file = entry == null ? null : files.get(entry.fileName());
    if (file == null) {
      throw new CheckpointException("checkpoint: tensor %s is missing".formatted(name));
    }
    return file;
  }

  private static Checkpoint openShards(Path folder) throws IOException {
    NavigableMap<String, String> shardOf = shardOf(folder);
    requireShards(folder, shardOf);
    Map<String, SafetensorsFile> files = new HashMap<>();
    boolean opened = false;
    try {
      for (String shard : new TreeSet<>(shardOf.values())) {
        files.put(shard, SafetensorsFile.open(folder.resolve(shard)));
      }
      var result = new Checkpoint(files, collect(shardOf, files));
      opened = true;
      return result;
    } finally {
      if (!opened) {
        closeAll(files);
      }
    }
  }

  private static NavigableMap<String, String> shardOf(Path folder) throws IOException {
    ConfigJson weightMap = ConfigJson.read(folder.resolve(INDEX)).child(WEIGHT_MAP);
    NavigableMap<String, String> shardOf = new TreeMap<>();
    for (String tensor : weightMap.keys()) {
      String shard = weightMap.stringAt(tensor);
      if (!isPlainFileName(shard)) {
        throw new CheckpointException(
            "%s: %s.%s expected a file name within the folder, got \"%s\""
                .formatted(INDEX, WEIGHT_MAP, tensor, shard));
      }
      shardOf.put(tensor, shard);
    }
    return shardOf;
  }

  /** An index comes from strangers: it must not reach for files elsewhere. */
  private static boolean isPlainFileName(String name) {
    boolean odd = name.chars().anyMatch(c -> c < ' ' || c == '/' || c == '\\' || c == ':');
    return !odd && !name.isBlank() && !name.equals(".") && !name.equals("..");
  }

  private static void requireShards(Path folder, NavigableMap<String, String> shardOf)
      throws CheckpointException {
    List<String> missing =
        new TreeSet<>(shardOf.values())
            .stream().filter(shard -> !Files.isRegularFile(folder.resolve(shard))).toList();
    if (!missing.isEmpty()) {
      throw new CheckpointException(
          "%s: %d shards missing (%s); copy the folder again"
              .formatted(folder, missing.size(), abbreviate(missing)));
    }
  }

  /**
   * What the index promises, from where it promises it; other tensors in the shards don't count.
   */
  private static NavigableMap<String, TensorEntry> collect(
      NavigableMap<String, String> shardOf, Map<String, SafetensorsFile> files)
      throws CheckpointException {
    NavigableMap<String, TensorEntry> tensors = new TreeMap<>();
    List<String> missing = new ArrayList<>();
    shardOf.forEach(
        (name, shard) -> {
          @Nullable SafetensorsFile file = files.get(shard);
          @Nullable TensorEntry entry = file == null ? null : file.tensors().get(name);
          if (entry == null) {
            missing.add(name + " in " + shard);
          } else {
            tensors.put(name, entry);
          }
        });
    if (!missing.isEmpty()) {
      throw new CheckpointException(
          "%s: %d tensors missing from their shards (%s); copy the folder again"
              .formatted(INDEX, missing.size(), abbreviate(missing)));
    }
    return tensors;
  }

  private static String noWeights(Path folder) throws IOException {
    String expected = folder + ": weights expected in " + SINGLE + " or " + INDEX + ", got ";
    TreeSet<String> torch = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "pytorch_model*.bin")) {
      files.forEach(file -> torch.add(SafetensorsFile.nameOf(file)));
    }
    return torch.isEmpty()
        ? expected + "neither; check the path"
        : expected + torch.first() + ", which can't be read yet; convert it to safetensors";
  }

  private static String abbreviate(List<String> names) {
    String shown = String.join(", ", names.subList(0, Math.min(NAMES_IN_MESSAGE, names.size())));
    return names.size() <= NAMES_IN_MESSAGE ? shown : shown + ", ...";
  }

  private static void closeAll(Map<String, SafetensorsFile> files) throws IOException {
    for (SafetensorsFile file : files.values()) {
      file.close();
    }
  }
}
