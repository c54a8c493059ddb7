package io.github.blip2j.blip2.checkpoint.files;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A tensor to write, which consists of parts of stored tensors, byte by byte.
 *
 * @param spec its name, type and shape
 * @param parts its bytes in order
 */
public record TensorCopy(TensorSpec spec, List<Part> parts) {
  private static final int CHUNK = 1 << 22;

  /** Bytes of a stored tensor, or zeros where there is no source. */
  record Part(@Nullable String source, long begin, long size) {}

  /** A receiver of the bytes, such as a file's writer. */
  public interface Sink {
    void write(String name, ByteBuffer bytes) throws IOException;
  }

  /** The whole of a stored tensor under another name. */
  public static TensorCopy whole(String name, TensorEntry entry) throws CheckpointException {
    var part = new Part(entry.name(), 0, entry.byteSize());
    return new TensorCopy(new TensorSpec(name, entry.dtype(), entry.shape()), List.of(part));
  }

  /** One of three equal parts of a stored vector. */
  public static TensorCopy third(String name, TensorEntry entry, int index)
      throws CheckpointException {
    if (entry.shape().rank() != 1 || entry.shape().dim(0) % 3 != 0) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: shape expected three times a width, got %s",
              entry.name(),
              entry.shape()));
    }
    long size = entry.byteSize() / 3;
    var part = new Part(entry.name(), index * size, size);
    Shape shape = Shape.of(entry.shape().dim(0) / 3);
    return new TensorCopy(new TensorSpec(name, entry.dtype(), shape), List.of(part));
  }

  /** The concatenation of three vectors, with zeros if there is no middle one. */
  public static TensorCopy joined(
      String name, TensorEntry first, @Nullable TensorEntry middle, TensorEntry last)
      throws CheckpointException {
    requireAlike(first, last);
    if (middle != null) {
      requireAlike(first, middle);
    }
    List<Part> parts =
        List.of(
            new Part(first.name(), 0, first.byteSize()),
            new Part(middle == null ? null : middle.name(), 0, first.byteSize()),
            new Part(last.name(), 0, last.byteSize()));
    return new TensorCopy(
        new TensorSpec(name, first.dtype(), Shape.of(3 * first.shape().size())), parts);
  }

  private static void requireAlike(TensorEntry first, TensorEntry other)
      throws CheckpointException {
    if (first.dtype() != other.dtype() || !first.shape().equals(other.shape())) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: tensor expected as %s, %s %s, got %s %s",
              other.name(),
              first.name(),
              first.dtype(),
              first.shape(),
              other.dtype(),
              other.shape()));
    }
  }

  /** Copies the bytes. */
  public void write(Checkpoint from, Sink to) throws IOException {
    for (Part part : parts) {
      for (long done = 0; done < part.size; done += CHUNK) {
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(CHUNK, part.size - done));
        if (part.source != null) {
          from.read(part.source, part.begin + done, bytes);
          bytes.flip();
        }
        to.write(spec.name(), bytes);
      }
    }
  }
}
