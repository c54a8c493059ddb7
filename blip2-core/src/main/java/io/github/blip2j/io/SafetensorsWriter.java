package io.github.blip2j.io;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes one safetensors file, tensor by tensor, each in as many pieces as its owner likes.
 *
 * <p>The bytes go to a temporary file beside the target. {@link #close} moves it into place when
 * every tensor is complete, and otherwise removes it: a reader sees the old file or the whole new
 * one. Not for use by several threads at once.
 */
public final class SafetensorsWriter implements AutoCloseable {
  /** What Python's writer says about tensors that come from PyTorch; some readers insist on it. */
  public static final Map<String, String> PYTORCH_METADATA = Map.of("format", "pt");

  private static final class Slot {
    final TensorSpec spec;
    final long begin;
    long written;

    Slot(TensorSpec spec, long begin) {
      this.spec = spec;
      this.begin = begin;
    }

    boolean complete() {
      return written == spec.byteSize();
    }
  }

  private final Path target;
  private final String fileName;
  private final Path temporary;
  private final FileChannel channel;
  private final Map<String, Slot> slots;
  private final long dataStart;

  private SafetensorsWriter(Path target, Map<String, Slot> slots, ByteBuffer header)
      throws IOException {
    this.target = target;
    this.fileName = ReadableFile.nameOf(target);
    this.slots = slots;
    this.dataStart = header.remaining();
    this.temporary = target.resolveSibling("." + fileName + "." + UUID.randomUUID() + ".tmp");
    // Not Files.createTempFile: that makes the checkpoint unreadable to everyone but its owner.
    this.channel =
        FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    boolean created = false;
    try {
      writeFully(header, 0);
      created = true;
    } finally {
      if (!created) {
        discard();
      }
    }
  }

  /**
   * Starts a file that holds exactly these tensors and {@link #PYTORCH_METADATA}.
   *
   * @throws CheckpointException if the folder doesn't exist
   * @throws IllegalArgumentException if two tensors share a name
   */
  public static SafetensorsWriter create(Path target, List<TensorSpec> tensors) throws IOException {
    return create(target, tensors, PYTORCH_METADATA);
  }

  /**
   * Starts a file that holds exactly these tensors and this metadata.
   *
   * @throws CheckpointException if the folder doesn't exist
   * @throws IllegalArgumentException if two tensors share a name
   */
  public static SafetensorsWriter create(
      Path target, List<TensorSpec> tensors, Map<String, String> metadata) throws IOException {
    @Nullable Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new CheckpointException(target + ": folder expected to exist; create it first");
    }
    Map<String, Slot> slots = layOut(ReadableFile.nameOf(target), tensors);
    return new SafetensorsWriter(target, slots, header(slots, metadata));
  }

  /**
   * Appends the buffer's remaining bytes, little-endian, to a tensor. Tensors may be written in any
   * order.
   *
   * @throws IllegalArgumentException if there is no such tensor, or its bytes would exceed its size
   */
  public void write(String name, ByteBuffer bytes) throws IOException {
    @Nullable Slot slot = slots.get(name);
    if (slot == null) {
      throw new IllegalArgumentException(
          "%s: tensor %s expected among the declared ones".formatted(fileName, name));
    }
    if (bytes.remaining() > slot.spec.byteSize() - slot.written) {
      throw new IllegalArgumentException(
          "%s: tensor %s expected %d bytes, got %d"
              .formatted(fileName, name, slot.spec.byteSize(), slot.written + bytes.remaining()));
    }
    int count = bytes.remaining();
    writeFully(bytes, dataStart + slot.begin + slot.written);
    slot.written += count;
  }

  /**
   * Moves the file into place if every tensor is complete; otherwise leaves nothing behind.
   *
   * @throws IllegalStateException if a tensor is incomplete
   */
  @Override
  public void close() throws IOException {
    if (!channel.isOpen()) {
      return;
    }
    try {
      requireComplete();
      channel.force(true);
      channel.close();
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      discard(); // nothing is left to remove after the move
    }
  }

  /** Gives up: closes and removes the temporary file. */
  void discard() throws IOException {
    channel.close();
    Files.deleteIfExists(temporary);
  }

  void requireComplete() {
    List<String> incomplete =
        slots.values().stream()
            .filter(slot -> !slot.complete())
            .map(slot -> slot.spec.name() + " has " + slot.written + " of " + slot.spec.byteSize())
            .toList();
    if (!incomplete.isEmpty()) {
      throw new IllegalStateException(
          "%s: all bytes of %d tensors expected, got %d incomplete (%s); nothing was written"
              .formatted(
                  fileName,
                  slots.size(),
                  incomplete.size(),
                  String.join(", ", incomplete.subList(0, Math.min(8, incomplete.size())))));
    }
  }

  /** Widest types first, so that every tensor is aligned to its type as PyTorch's views demand. */
  private static Map<String, Slot> layOut(String fileName, List<TensorSpec> tensors) {
    List<TensorSpec> inOrder =
        tensors.stream()
            .sorted(Comparator.comparingInt((TensorSpec spec) -> -spec.dtype().byteSize()))
            .toList();
    Map<String, Slot> slots = new LinkedHashMap<>();
    long begin = 0;
    for (TensorSpec spec : inOrder) {
      if (spec.name().equals(SafetensorsHeader.METADATA)
          || slots.put(spec.name(), new Slot(spec, begin)) != null) {
        throw new IllegalArgumentException(
            "%s: tensor names expected to differ, got %s twice".formatted(fileName, spec.name()));
      }
      begin = Math.addExact(begin, spec.byteSize());
    }
    return slots;
  }

  private static ByteBuffer header(Map<String, Slot> slots, Map<String, String> metadata)
      throws IOException {
    var text = new StringWriter();
    var json = new JsonWriter(text);
    json.beginObject();
    if (!metadata.isEmpty()) {
      json.name(SafetensorsHeader.METADATA).beginObject();
      for (Map.Entry<String, String> entry : metadata.entrySet()) {
        json.name(entry.getKey()).value(entry.getValue());
      }
      json.endObject();
    }
    for (Slot slot : slots.values()) {
      json.name(slot.spec.name()).beginObject();
      json.name("dtype").value(slot.spec.dtype().safetensorsName());
      json.name("shape").beginArray();
      for (long dim : slot.spec.shape().toArray()) {
        json.value(dim);
      }
      json.endArray().name("data_offsets").beginArray();
      json.value(slot.begin).value(slot.begin + slot.spec.byteSize()).endArray().endObject();
    }
    json.endObject().close();
    return framed(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** Length, then the text padded with spaces so that the data begin at a multiple of 8. */
  private static ByteBuffer framed(byte[] text) {
    int padded = (text.length + 7) / 8 * 8;
    ByteBuffer header =
        ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded);
    header.put(text).put(" ".repeat(padded - text.length).getBytes(StandardCharsets.UTF_8));
    return header.flip();
  }

  private void writeFully(ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += channel.write(bytes, at);
    }
  }
}
