package io.github.blip2j.io;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes a model folder's weights as Python does: {@code model.safetensors} if they fit in one
 * shard, else {@code model-00001-of-0000N.safetensors} and their index.
 *
 * <p>{@link #close} moves everything into place when every tensor is complete, and otherwise leaves
 * the folder as it was. Weights of an earlier save that the new one doesn't replace are removed
 * last: readers would prefer a stale {@code model.safetensors} to a new index.
 */
public final class ShardedSafetensorsWriter implements AutoCloseable {
  private final Path folder;
  private final long totalBytes;
  private final Map<String, SafetensorsWriter> shards; // by file name, in order
  private final Map<String, String> shardOf;
  private boolean closed;

  private ShardedSafetensorsWriter(
      Path folder, long totalBytes, Map<String, SafetensorsWriter> shards) {
    this.folder = folder;
    this.totalBytes = totalBytes;
    this.shards = shards;
    this.shardOf = new TreeMap<>();
  }

  /**
   * Starts the weights of a folder that exists.
   *
   * @param maxShardBytes how many bytes of tensors a shard may hold; a larger tensor has one alone
   * @throws CheckpointException if the folder doesn't exist
   * @throws IllegalArgumentException if two tensors share a name
   */
  public static ShardedSafetensorsWriter create(
      Path folder, List<TensorSpec> tensors, long maxShardBytes) throws IOException {
    requireDistinct(folder, tensors);
    List<List<TensorSpec>> parts = split(tensors, maxShardBytes);
    long totalBytes = tensors.stream().mapToLong(TensorSpec::byteSize).sum();
    var result = new ShardedSafetensorsWriter(folder, totalBytes, new LinkedHashMap<>());
    boolean created = false;
    if (Files.isDirectory(folder)) { // those of other numbers of shards, too
      LeftOvers.requireAlone(folder, folder, ShardedSafetensorsWriter::isOurs, null);
    }
    try {
      for (int i = 0; i < parts.size(); i++) {
        String name =
            parts.size() == 1
                ? Checkpoint.SINGLE
                : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, parts.size());
        result.shards.put(name, SafetensorsWriter.create(folder.resolve(name), parts.get(i)));
        parts.get(i).forEach(spec -> result.shardOf.put(spec.name(), name));
      }
      created = true;
      return result;
    } finally {
      if (!created) {
        result.discard();
      }
    }
  }

  /**
   * Appends the buffer's remaining bytes, little-endian, to a tensor; tensors in any order.
   *
   * @throws IllegalArgumentException if there is no such tensor, or its bytes would exceed its size
   */
  public void write(String name, ByteBuffer bytes) throws IOException {
    @Nullable String shard = shardOf.get(name);
    @Nullable SafetensorsWriter writer = shard == null ? null : shards.get(shard);
    if (writer == null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s: tensor %s expected among the declared ones", folder, name));
    }
    writer.write(name, bytes);
  }

  /**
   * Moves the files into place if every tensor is complete; otherwise leaves nothing behind.
   *
   * @throws IllegalStateException if a tensor is incomplete
   */
  @Override
  public void close() throws IOException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      for (SafetensorsWriter writer : shards.values()) {
        writer.requireComplete();
      }
      for (SafetensorsWriter writer : shards.values()) {
        writer.close();
      }
      if (shards.size() > 1) {
        writeIndex();
      }
      removeStale();
    } finally {
      discard();
    }
  }

  private void discard() throws IOException {
    for (SafetensorsWriter writer : shards.values()) {
      writer.discard();
    }
  }

  private void writeIndex() throws IOException {
    var text = new StringWriter();
    var json = new JsonWriter(text);
    json.setIndent("  ");
    json.beginObject().name("metadata").beginObject();
    json.name("total_size").value(totalBytes).endObject().name("weight_map").beginObject();
    for (Map.Entry<String, String> entry : shardOf.entrySet()) {
      json.name(entry.getKey()).value(entry.getValue());
    }
    json.endObject().endObject().close();
    OutputFile.write(folder.resolve(Checkpoint.INDEX), text.toString());
  }

  private void removeStale() throws IOException {
    Set<String> fresh = new HashSet<>(shards.keySet());
    if (shards.size() > 1) {
      fresh.add(Checkpoint.INDEX);
    }
    List<Path> stale = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "model*.safetensors*")) {
      for (Path file : files) {
        String name = ReadableFile.nameOf(file);
        if (!fresh.contains(name) && isOurs(name)) {
          stale.add(file);
        }
      }
    }
    for (Path file : stale) {
      Files.delete(file);
    }
  }

  private static boolean isOurs(String name) {
    return name.equals(Checkpoint.SINGLE)
        || name.equals(Checkpoint.INDEX)
        || name.matches("model-\\d{5}-of-\\d{5}\\.safetensors");
  }

  private static void requireDistinct(Path folder, List<TensorSpec> tensors) {
    Map<String, TensorSpec> seen = new HashMap<>();
    for (TensorSpec spec : tensors) {
      if (seen.put(spec.name(), spec) != null) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: tensor names expected to differ, got %s twice",
                folder,
                spec.name()));
      }
    }
  }

  private static List<List<TensorSpec>> split(List<TensorSpec> tensors, long maxShardBytes) {
    List<List<TensorSpec>> shards = new ArrayList<>();
    List<TensorSpec> shard = new ArrayList<>();
    shards.add(shard);
    long bytes = 0;
    for (TensorSpec spec : tensors) {
      if (!shard.isEmpty() && spec.byteSize() > maxShardBytes - bytes) {
        shard = new ArrayList<>();
        shards.add(shard);
        bytes = 0;
      }
      shard.add(spec);
      bytes += spec.byteSize();
    }
    return shards;
  }
}
