package io.github.blip2j.search.store;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A segment of an index, mapped into memory. Its files never change, so a mapping stays valid after
 * they are removed. Immutable and safe for many threads.
 */
public final class Segment {
  private static final long LARGEST_FILE = 1L << 30;

  private final int number;
  private final int rows;
  private final int numbers; // of an image
  private final ByteBuffer floats;
  private final ByteBuffer bytes;
  private final float[] scales;

  private Segment(int number, int rows, int numbers, ByteBuffer floats, ByteBuffer bytes) {
    this.number = number;
    this.rows = rows;
    this.numbers = numbers;
    this.floats = floats;
    this.bytes = bytes;
    this.scales = new float[rows];
    int end = rows * numbers;
    bytes.slice(end, rows * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(scales);
  }

  /** The most rows of a segment, so that each file is one mapping. */
  public static int mostRows(IndexModel model) {
    return (int) (LARGEST_FILE / ((long) model.numbers() * Float.BYTES));
  }

  static String floatsName(int number) {
    return String.format(Locale.ROOT, "segment-%06d.f32", number);
  }

  static String bytesName(int number) {
    return String.format(Locale.ROOT, "segment-%06d.u8", number);
  }

  /**
   * Maps a segment.
   *
   * @throws java.nio.file.NoSuchFileException if a file is missing
   * @throws IndexException if a file has another length
   */
  static Segment open(Path folder, int number, int rows, IndexModel model) throws IOException {
    int numbers = model.numbers();
    long all = (long) rows * numbers;
    ByteBuffer floats = map(folder.resolve(floatsName(number)), all * Float.BYTES);
    ByteBuffer bytes = map(folder.resolve(bytesName(number)), all + (long) rows * Float.BYTES);
    return new Segment(number, rows, numbers, floats, bytes);
  }

  private static ByteBuffer map(Path file, long expected) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      if (channel.size() != expected || expected > 2 * LARGEST_FILE) {
        throw new IndexException(
            String.format(
                Locale.ROOT,
                "%s: segment of %d bytes expected, got %d; remove the folder and index again",
                file,
                expected,
                channel.size()));
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, expected);
    }
  }

  /** The number in the names of its files. */
  public int number() {
    return number;
  }

  /** The number of images. */
  public int rows() {
    return rows;
  }

  /**
   * The vectors as float32, in groups.
   *
   * @param perGroup vectors that a group of an image has, Q, or 1 for one long vector
   * @return [rows, perGroup, numbers / perGroup]
   */
  public RawTensor floats(Backend host, int perGroup) {
    return HostMemory.view(host, floats.duplicate(), DType.FLOAT32, shape(perGroup));
  }

  /** The vectors as bytes, likewise; to be multiplied by {@link #scale}. */
  public RawTensor bytes(Backend host, int perGroup) {
    return HostMemory.view(host, bytes.duplicate(), DType.UINT8, shape(perGroup));
  }

  private Shape shape(int perGroup) {
    return Shape.of(rows, perGroup, numbers / perGroup);
  }

  /** The scale of an image's bytes. */
  public float scale(int row) {
    return scales[row];
  }

  /** Reads the float32 vectors of an image, [Q P]. */
  public void read(int row, float[] vectors) {
    FloatBuffer all = floats.duplicate().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    all.position(row * numbers).get(vectors, 0, numbers);
  }
}
