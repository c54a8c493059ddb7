package io.github.blip2j.blip2;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.io.TensorEntry;
import io.github.blip2j.io.TensorSpec;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tensor to write, put together from parts of stored ones byte by byte.
 *
 * @param spec what it is called, its type and shape
 * @param parts its bytes in order
 */
record TensorCopy(TensorSpec spec, List<Part> parts) {
  private static final int CHUNK = 1 << 22;

  /** Bytes of a stored tensor, or zeros where there is no source. */
  record Part(@Nullable String source, long begin, long size) {}

  /** Takes what is written; a writer of files. */
  interface Sink {
    void write(String name, ByteBuffer bytes) throws IOException;
  }

  /** The whole of a stored tensor under another name. */
  static TensorCopy whole(String name, TensorEntry entry) throws CheckpointException {
    var part = new Part(entry.name(), 0, entry.byteSize());
    return new TensorCopy(new TensorSpec(name, entry.dtype(), entry.shape()), List.of(part));
  }

  /** One of three equal parts of a stored tensor along its only axis. */
  static TensorCopy third(String name, TensorEntry entry, int index) throws CheckpointException {
    long size = entry.byteSize() / 3;
    var part = new Part(entry.name(), index * size, size);
    Shape shape = Shape.of(entry.shape().dim(0) / 3);
    return new TensorCopy(new TensorSpec(name, entry.dtype(), shape), List.of(part));
  }

  /** Two vectors with as many zeros between them. */
  static TensorCopy aroundZeros(String name, TensorEntry first, TensorEntry last)
      throws CheckpointException {
    DType type = first.dtype();
    if (last.dtype() != type || !last.shape().equals(first.shape()) || first.shape().rank() != 1) {
      throw new CheckpointException(
          "%s: tensor expected as %s, %s %s, got %s %s"
              .formatted(
                  last.name(), first.name(), type, first.shape(), last.dtype(), last.shape()));
    }
    List<Part> parts =
        List.of(
            new Part(first.name(), 0, first.byteSize()),
            new Part(null, 0, first.byteSize()),
            new Part(last.name(), 0, last.byteSize()));
    return new TensorCopy(
        new TensorSpec(name, type, Shape.of(3 * first.shape().dim(0))), parts);
  }

  /** Copies the bytes. */
  void write(Checkpoint from, Sink to) throws IOException {
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
