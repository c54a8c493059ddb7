package io.github.blip2j.vision.image.tiff;

import java.util.Arrays;

/**
 * The runs of one row, alternately white and black, and their repair as in libtiff: a row always
 * ends at the width of the image.
 */
final class FaxRow {
  private final int width;
  private final int[] runs;
  private int count;

  /** The start of the next run. */
  int position;

  /** The length so far of an unfinished run. */
  int begun;

  /** A row of {@code width} pixels with a maximum number of runs. */
  FaxRow(int width, int room) {
    this.width = width;
    this.runs = new int[room + 2];
  }

  void clear() {
    count = 0;
    position = 0;
    begun = 0;
  }

  /** The number of runs. */
  int count() {
    return count;
  }

  /** The maximum number of runs. */
  int room() {
    return runs.length - 2;
  }

  boolean isFull() {
    return count >= room();
  }

  /** The run at {@code index}; after the last one, an old value. */
  int run(int index) {
    return runs[index];
  }

  /** Makes the first run a white one over the whole row; other entries keep their values. */
  void setWhite() {
    runs[0] = width;
    runs[1] = 0;
  }

  /**
   * Ends a run {@code length} pixels farther.
   *
   * @return false if a row cannot have so many runs
   */
  boolean add(int length) {
    if (isFull()) {
      return false;
    }
    runs[count++] = begun + length;
    position += length;
    begun = 0;
    return true;
  }

  /** Adds a run to the end of the row without moving. */
  void addRest() {
    runs[count++] = width - position;
  }

  /** Drops a pair of empty runs. */
  void dropEmptyPair() {
    if (runs[count - 1] == 0 && runs[count - 2] == 0) {
      count -= 2;
    }
  }

  /**
   * Extends the runs to the width of the row.
   *
   * @return false if a row cannot have so many runs
   */
  boolean complete() {
    if (begun != 0 && !add(0)) {
      return false;
    }
    if (position == width) {
      return true;
    }
    while (position > width && count > 0) {
      position -= runs[--count];
    }
    if (position < width) {
      position = Math.max(0, position);
      return ((count & 1) == 0 || add(0)) && add(width - position);
    }
    return position == width || (add(width) && add(0));
  }

  /** Sets the bits of black pixels and clears those of white ones. */
  void paint(byte[] target, int from) {
    int x = 0;
    for (int i = 0; i < count; i++) {
      long unsigned = Integer.toUnsignedLong(runs[i]);
      int run = unsigned > width - x ? width - x : runs[i];
      runs[i] = run;
      fill(target, from, x, run, (i & 1) != 0);
      x += run;
    }
  }

  private static void fill(byte[] target, int from, int x, int run, boolean black) {
    int end = x + run;
    while (x < end) {
      int at = from + (x >> 3);
      int bit = x & 7;
      int bits = Math.min(8 - bit, end - x);
      int mask = ((0xFF00 >> bits) & 0xFF) >> bit;
      target[at] = (byte) (black ? target[at] | mask : target[at] & ~mask);
      x += bits;
      if ((x & 7) == 0) {
        int whole = (end - x) >> 3;
        Arrays.fill(target, at + 1, at + 1 + whole, (byte) (black ? 0xFF : 0));
        x += whole << 3;
      }
    }
  }
}
