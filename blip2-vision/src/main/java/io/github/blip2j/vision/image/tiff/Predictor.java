package io.github.blip2j.vision.image.tiff;

import java.io.IOException;
import java.util.Locale;

/**
 * Restores samples that were stored as differences from their left neighbours (TIFF 6.0, section
 * 14, and technical note 3), in little-endian byte order.
 */
final class Predictor {
  private static final int NONE = 1;
  private static final int HORIZONTAL = 2;
  private static final int FLOATING_POINT = 3;

  private final int kind;
  private final int bytes;
  private final int samples;
  private final boolean swapped;

  /**
   * The predictor of a file.
   *
   * @param used whether its compression supports predictors
   * @param samples the number of adjacent samples of a pixel
   * @throws IOException if no predictor supports samples of so many bits
   */
  Predictor(Directory directory, boolean used, int bits, int samples) throws IOException {
    long stated = used ? directory.numberIfAny(Tags.PREDICTOR, NONE) : NONE;
    this.kind = stated > 0xFFFF ? NONE : (int) stated; // not a 16-bit number, so libtiff ignores it
    this.bytes = bits / 8;
    this.samples = samples;
    this.swapped = !directory.littleEndian();
    boolean whole = bits == 16 || bits == 32;
    boolean known =
        kind == NONE
            || (kind == HORIZONTAL && (bits == 8 || whole))
            || (kind == FLOATING_POINT && whole && directory.integer(Tags.SAMPLE_FORMAT, 0) == 3);
    if (!known) {
      throw new IOException(
          String.format(
              Locale.ROOT, "predictor %d of samples of %d bits is not supported", kind, bits));
    }
  }

  /** Undoes the prediction in rows of so many bytes. */
  void undo(byte[] data, int size, int rowBytes) throws IOException {
    if (kind == FLOATING_POINT) {
      requireRows(size, rowBytes);
      byte[] row = new byte[rowBytes];
      for (int from = 0; from < size; from += rowBytes) {
        undoFloats(data, from, row);
      }
      return;
    }
    if (swapped && bytes > 1) {
      swap(data, size);
    }
    if (kind == HORIZONTAL) {
      requireRows(size, rowBytes);
      for (int from = 0; from < size; from += rowBytes) {
        switch (bytes) {
          case 1 -> add8(data, from, from + rowBytes);
          case 2 -> add16(data, from, from + rowBytes);
          default -> add32(data, from, from + rowBytes);
        }
      }
    }
  }

  private void requireRows(int size, int rowBytes) throws IOException {
    if (size % rowBytes != 0 || rowBytes % (bytes * samples) != 0) {
      throw new IOException(
          String.format(Locale.ROOT, "rows of %d bytes with a predictor", rowBytes));
    }
  }

  private void swap(byte[] data, int size) {
    for (int i = 0; i + bytes <= size; i += bytes) {
      for (int a = i, b = i + bytes - 1; a < b; a++, b--) {
        byte swap = data[a];
        data[a] = data[b];
        data[b] = swap;
      }
    }
  }

  private void add8(byte[] data, int from, int to) {
    for (int i = from + samples; i < to; i++) {
      data[i] += data[i - samples];
    }
  }

  private void add16(byte[] data, int from, int to) {
    int step = 2 * samples;
    for (int i = from + step; i < to; i += 2) {
      int sum =
          (data[i] & 0xFF)
              + ((data[i + 1] & 0xFF) << 8)
              + (data[i - step] & 0xFF)
              + ((data[i - step + 1] & 0xFF) << 8);
      data[i] = (byte) sum;
      data[i + 1] = (byte) (sum >> 8);
    }
  }

  private void add32(byte[] data, int from, int to) {
    int step = 4 * samples;
    for (int i = from + step; i < to; i += 4) {
      int carry = 0;
      for (int b = i; b < i + 4; b++) {
        int sum = (data[b] & 0xFF) + (data[b - step] & 0xFF) + carry;
        data[b] = (byte) sum;
        carry = sum >> 8;
      }
    }
  }

  /**
   * Undoes floating-point prediction: bytes of equal weight are adjacent, the most significant
   * first.
   */
  private void undoFloats(byte[] data, int from, byte[] row) {
    for (int i = from + samples; i < from + row.length; i++) {
      data[i] += data[i - samples];
    }
    System.arraycopy(data, from, row, 0, row.length);
    int count = row.length / bytes;
    for (int i = 0; i < count; i++) {
      for (int b = 0; b < bytes; b++) {
        data[from + bytes * i + b] = row[(bytes - b - 1) * count + i];
      }
    }
  }
}
