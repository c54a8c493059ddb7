package io.github.blip2j.io.safetensors;

import com.google.gson.stream.JsonWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.io.file.ReadableFile;
import io.github.blip2j.io.tensor.NewFile;
import io.github.blip2j.io.tensor.TensorSpec;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes one safetensors file, tensor by tensor, each in any number of pieces.
 *
 * <p>The bytes go to a temporary file beside the target. {@link #close} moves it into place when
 * every tensor is complete, and otherwise removes it: a reader sees the old file or the complete
 * new one. Not for use by several threads at once.
 */
public final class SafetensorsWriter implements AutoCloseable {
  /** The metadata that Python's writer adds to PyTorch tensors; some readers require it. */
  public static final Map<String, String> PYTORCH_METADATA = Map.of("format", "pt");

  private final NewFile file;

  private SafetensorsWriter(NewFile file) {
    this.file = file;
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
    NewFile.requireDistinct(ReadableFile.nameOf(target), tensors, SafetensorsHeader.METADATA);
    Map<TensorSpec, Long> layout = layOut(tensors);
    ByteBuffer header = header(layout, metadata);
    NewFile file = new NewFile(target);
    try (var opened = new OpenResources()) {
      opened.add(file::discard);
      long dataStart = header.remaining();
      layout.forEach((spec, begin) -> file.reserve(spec, dataStart + begin));
      file.write(header, 0);
      return opened.keep(new SafetensorsWriter(file));
    }
  }

  /**
   * Appends the buffer's remaining bytes, little-endian, to a tensor. Tensors may be written in any
   * order.
   *
   * @throws IllegalArgumentException if there is no such tensor, or its bytes would exceed its size
   */
  public void write(String name, ByteBuffer bytes) throws IOException {
    file.append(name, bytes);
  }

  /**
   * Moves the file into place if every tensor is complete; otherwise leaves nothing behind.
   *
   * @throws IllegalStateException if a tensor is incomplete
   */
  @Override
  public void close() throws IOException {
    if (!file.isOpen()) {
      return;
    }
    try {
      file.requireComplete();
      file.publish();
    } finally {
      file.discard();
    }
  }

  /** Closes and removes the temporary file. */
  public void discard() throws IOException {
    file.discard();
  }

  public void requireComplete() {
    file.requireComplete();
  }

  /**
   * Orders tensors by element size, widest first, so that every tensor is aligned as PyTorch's
   * views require.
   */
  private static Map<TensorSpec, Long> layOut(List<TensorSpec> tensors) {
    List<TensorSpec> inOrder =
        tensors.stream()
            .sorted(Comparator.comparingInt((TensorSpec spec) -> -spec.dtype().byteSize()))
            .toList();
    Map<TensorSpec, Long> begins = new LinkedHashMap<>();
    long begin = 0;
    for (TensorSpec spec : inOrder) {
      begins.put(spec, begin);
      begin = Math.addExact(begin, spec.byteSize());
    }
    return begins;
  }

  private static ByteBuffer header(Map<TensorSpec, Long> layout, Map<String, String> metadata)
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
    for (Map.Entry<TensorSpec, Long> each : layout.entrySet()) {
      TensorSpec spec = each.getKey();
      json.name(spec.name()).beginObject();
      json.name("dtype").value(spec.dtype().safetensorsName());
      json.name("shape").beginArray();
      for (long dim : spec.shape().toArray()) {
        json.value(dim);
      }
      json.endArray().name("data_offsets").beginArray();
      json.value(each.getValue()).value(each.getValue() + spec.byteSize()).endArray().endObject();
    }
    json.endObject().close();
    return framed(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The header's length, then the text, padded with spaces so that the data begin at a multiple of
   * 8.
   */
  private static ByteBuffer framed(byte[] text) {
    int padded = (text.length + 7) / 8 * 8;
    ByteBuffer header =
        ByteBuffer.allocate(Long.BYTES + padded).order(ByteOrder.LITTLE_ENDIAN).putLong(padded);
    header.put(text).put(" ".repeat(padded - text.length).getBytes(StandardCharsets.UTF_8));
    return header.flip();
  }
}
