package io.github.blip2j.io;

import com.google.gson.stream.JsonWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.LeftOvers;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import java.io.Closeable;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Writes a model folder's weights in the layout of transformers: {@code model.safetensors} if they
 * fit in one shard, else {@code model-00001-of-0000N.safetensors} and an index.
 *
 * <p>{@link #close} moves the files into place if every tensor is complete; otherwise the folder
 * stays as it was. At every moment, also after a kill, the folder holds the complete old or the
 * complete new model. Shards get unused names, and readers see them only after one atomic step: the
 * move of the only file or of the index, or the removal of an old {@code model.safetensors}, which
 * readers prefer to an index. The old model's other files are removed after that step. If the usual
 * names are taken, shards are called {@code model-2-00001-of-0000N.safetensors}; readers find them
 * through the index.
 */
public final class ShardedSafetensorsWriter implements AutoCloseable {
  private static final long HUGGING_FACE_SHARD_BYTES = 5_000_000_000L;

  private final Path folder;
  private final long totalBytes;
  private final Map<String, SafetensorsWriter> shards; // by file name, in order
  private final Map<String, String> shardOf;
  private final Runnable afterEachStep;
  private boolean closed;

  private ShardedSafetensorsWriter(
      Path folder, long totalBytes, Map<String, SafetensorsWriter> shards, Runnable afterEachStep) {
    this.folder = folder;
    this.totalBytes = totalBytes;
    this.shards = shards;
    this.shardOf = new TreeMap<>();
    this.afterEachStep = afterEachStep;
  }

  /**
   * Starts the weights of a folder that exists, in shards of Hugging Face's size.
   *
   * @throws CheckpointException if the folder doesn't exist
   * @throws IllegalArgumentException if two tensors share a name
   */
  public static ShardedSafetensorsWriter create(Path folder, List<TensorSpec> tensors)
      throws IOException {
    return create(folder, tensors, HUGGING_FACE_SHARD_BYTES);
  }

  /**
   * Starts the weights of a folder that exists.
   *
   * @param maxShardBytes the maximum tensor bytes in a shard; a larger tensor gets a shard of its
   *     own
   * @throws CheckpointException if the folder doesn't exist
   * @throws IllegalArgumentException if two tensors share a name
   */
  public static ShardedSafetensorsWriter create(
      Path folder, List<TensorSpec> tensors, long maxShardBytes) throws IOException {
    return create(folder, tensors, maxShardBytes, () -> {});
  }

  /** As {@link #create(Path, List, long)}, with a hook after each step, for tests. */
  static ShardedSafetensorsWriter create(
      Path folder, List<TensorSpec> tensors, long maxShardBytes, Runnable afterEachStep)
      throws IOException {
    requireDistinct(folder, tensors);
    List<List<TensorSpec>> parts = split(tensors, maxShardBytes);
    long totalBytes = tensors.stream().mapToLong(TensorSpec::byteSize).sum();
    var result =
        new ShardedSafetensorsWriter(folder, totalBytes, new LinkedHashMap<>(), afterEachStep);
    if (Files.isDirectory(folder)) { // also shards of models with another number of shards
      LeftOvers.requireAlone(folder, folder, ShardedSafetensorsWriter::isOurs, null);
    }
    try (var opened = new OpenResources()) {
      opened.add(result::discard);
      List<String> names = names(folder, parts.size());
      for (int i = 0; i < parts.size(); i++) {
        String name = names.get(i);
        result.shards.put(name, SafetensorsWriter.create(folder.resolve(name), parts.get(i)));
        parts.get(i).forEach(spec -> result.shardOf.put(spec.name(), name));
      }
      return opened.keep(result);
    }
  }

  /** The first shard names that the folder does not use yet; a single file's name may be in use. */
  private static List<String> names(Path folder, int count) {
    if (count == 1) {
      return List.of(Checkpoint.SINGLE);
    }
    for (int run = 1; ; run++) {
      String stem = run == 1 ? "model" : "model-" + run;
      List<String> names =
          IntStream.rangeClosed(1, count)
              .mapToObj(
                  i -> String.format(Locale.ROOT, "%s-%05d-of-%05d.safetensors", stem, i, count))
              .toList();
      boolean free =
          names.stream()
              .noneMatch(name -> Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS));
      if (free) {
        return names;
      }
    }
  }

  /**
   * Appends the buffer's remaining bytes, little-endian, to a tensor. Tensors may be written in any
   * order.
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
    List<String> moved = new ArrayList<>();
    boolean read = false; // whether readers may see the new files already
    try {
      for (SafetensorsWriter writer : shards.values()) {
        writer.requireComplete();
      }
      for (Map.Entry<String, SafetensorsWriter> shard : shards.entrySet()) {
        read = shards.size() == 1;
        moved.add(shard.getKey());
        shard.getValue().close();
        afterEachStep.run();
      }
      if (shards.size() > 1) {
        read = true;
        writeIndex();
        afterEachStep.run();
      }
      removeStale();
    } finally {
      discard();
      if (!read) {
        for (String shard : moved) {
          Files.deleteIfExists(folder.resolve(shard));
        }
      }
    }
  }

  private void discard() throws IOException {
    OpenResources.closeAll(
        shards.values().stream().map(writer -> (Closeable) writer::discard).toList());
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
    // First the file that readers prefer.
    stale.sort(Comparator.comparing(file -> !ReadableFile.nameOf(file).equals(Checkpoint.SINGLE)));
    for (Path file : stale) {
      Files.delete(file);
      afterEachStep.run();
    }
  }

  private static boolean isOurs(String name) {
    return name.equals(Checkpoint.SINGLE)
        || name.equals(Checkpoint.INDEX)
        || name.matches("model-(\\d{1,9}-)?\\d{5}-of-\\d{5}\\.safetensors");
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
