package io.github.blip2j.search.store;

import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.UnwrittenFileException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * Writes a segment: rows of vectors in two files, which appear when it is {@linkplain #publish
 * complete}. Closed before, it leaves nothing.
 *
 * <pre>{@code
 * segment-000001.f32   [rows, Q, P] float32, little-endian
 * segment-000001.u8    [rows, Q, P] bytes, then [rows] float32 scales (ByteRows)
 * }</pre>
 */
public final class SegmentWriter implements AutoCloseable {
  private final int number;
  private final Path floatsPath;
  private final Path bytesPath;
  private final OutputFile floats;
  private final OutputFile bytes;
  private final ByteBuffer floatRow;
  private final byte[] byteRow;
  private float[] scales = new float[64];
  private int rows;

  private SegmentWriter(
      int number, IndexModel model, Path folder, OutputFile floats, OutputFile bytes) {
    this.number = number;
    this.floatsPath = folder.resolve(Segment.floatsName(number));
    this.bytesPath = folder.resolve(Segment.bytesName(number));
    this.floats = floats;
    this.bytes = bytes;
    this.floatRow = buffer(model.numbers() * Float.BYTES);
    this.byteRow = new byte[model.numbers()];
  }

  /** Starts a segment in an index's folder. */
  static SegmentWriter create(Path folder, int number, IndexModel model) throws IOException {
    OutputFile floats = OutputFile.create(folder.resolve(Segment.floatsName(number)));
    boolean begun = false;
    try {
      OutputFile bytes = OutputFile.create(folder.resolve(Segment.bytesName(number)));
      begun = true;
      return new SegmentWriter(number, model, folder, floats, bytes);
    } finally {
      if (!begun) {
        floats.close();
      }
    }
  }

  private static ByteBuffer buffer(int size) {
    return ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** The number of the segment. */
  public int number() {
    return number;
  }

  /** The number of rows so far. */
  public int rows() {
    return rows;
  }

  /**
   * Adds the vectors of an image.
   *
   * @param vectors [Q P]
   * @return the number of their row
   * @throws IllegalArgumentException if they have another length, or are not finite
   */
  public int add(float[] vectors) throws IOException {
    if (vectors.length != byteRow.length) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "index: vectors of %d numbers expected, got %d",
              byteRow.length,
              vectors.length));
    }
    for (float value : vectors) {
      if (!Float.isFinite(value)) {
        throw new IllegalArgumentException(
            "index: finite numbers expected in vectors, got " + value);
      }
    }
    float scale = ByteRows.round(vectors, byteRow);
    floatRow.clear().asFloatBuffer().put(vectors);
    write(floats.channel(), floatRow, floatsPath);
    write(bytes.channel(), ByteBuffer.wrap(byteRow), bytesPath);
    scales = rows == scales.length ? Arrays.copyOf(scales, 2 * rows) : scales;
    scales[rows] = scale;
    return rows++;
  }

  /** Completes the files and makes them durable. A catalog may name them from now on. */
  public void publish() throws IOException {
    ByteBuffer end = buffer(rows * Float.BYTES);
    end.asFloatBuffer().put(scales, 0, rows);
    write(bytes.channel(), end, bytesPath);
    floats.publish();
    bytes.publish();
  }

  private static void write(FileChannel channel, ByteBuffer bytes, Path target) throws IOException {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      throw new UnwrittenFileException(target, e);
    }
  }

  @Override
  public void close() throws IOException {
    try (floats) {
      bytes.close();
    }
  }
}
