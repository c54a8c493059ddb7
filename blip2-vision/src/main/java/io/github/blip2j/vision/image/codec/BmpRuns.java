package io.github.blip2j.vision.image.codec;

import java.io.EOFException;
import java.util.Arrays;

/**
 * The pixels of a run-length coded bitmap (RLE8, RLE4), as one sequence of indices, by Pillow's
 * rules: a skipped line without pixels takes no row.
 */
final class BmpRuns {
  private static final int END_OF_LINE = 0;
  private static final int END = 1;
  private static final int DELTA = 2;

  private final byte[] file;
  private final boolean fourBits;
  private final int width;
  private int position;

  private long total; // pixels of all commands read
  private long column; // of the next run

  // What is left of the last command: pixels of the file, or two that alternate.
  private long left;
  private int literals = -1;
  private int taken;
  private byte first;
  private byte second;

  BmpRuns(byte[] file, long start, boolean fourBits, int width) {
    this.file = file;
    this.position = (int) Math.min(start, file.length);
    this.fourBits = fourBits;
    this.width = width;
  }

  /**
   * Checks that so many pixels are stored, before memory is allocated for them.
   *
   * @throws EOFException if there are fewer
   */
  void require(long pixels) throws EOFException {
    var ahead = new BmpRuns(file, position, fourBits, width);
    while (ahead.total < pixels) {
      if (!ahead.readCommand()) {
        throw new EOFException();
      }
    }
  }

  /** Fills {@code row} with the next indices. */
  void read(byte[] row) throws EOFException {
    int filled = 0;
    while (filled < row.length) {
      if (left == 0 && !readCommand()) {
        throw new EOFException();
      }
      int count = (int) Math.min(left, row.length - filled);
      take(row, filled, count);
      left -= count;
      filled += count;
    }
  }

  private void take(byte[] row, int at, int count) {
    if (literals < 0 && first == second) {
      Arrays.fill(row, at, at + count, first);
      return;
    }
    for (int i = 0; i < count; i++, taken++) {
      row[at + i] = literals < 0 ? ((taken & 1) == 0 ? first : second) : literal();
    }
  }

  private byte literal() {
    if (!fourBits) {
      return file[literals + taken];
    }
    int two = file[literals + taken / 2];
    return (byte) ((taken & 1) == 0 ? two >> 4 & 15 : two & 15);
  }

  /** Reads one command; returns false at the end. */
  private boolean readCommand() {
    if (file.length - position < 2) {
      return false;
    }
    int count = file[position] & 0xFF;
    int value = file[position + 1] & 0xFF;
    position += 2;
    if (count > 0) {
      long fitting = Math.max(0, Math.min(count, width - column));
      column += fitting;
      repeat(fitting, fourBits ? value >> 4 : value, fourBits ? value & 15 : value);
      return true;
    }
    return switch (value) {
      case END_OF_LINE -> {
        repeat((width - total % width) % width, 0, 0);
        column = 0;
        yield true;
      }
      case END -> false;
      case DELTA -> skip();
      default -> readLiterals(value);
    };
  }

  private boolean skip() {
    if (file.length - position < 2) {
      return false;
    }
    int right = file[position] & 0xFF;
    int up = file[position + 1] & 0xFF;
    position += 2;
    repeat(right + (long) up * width, 0, 0);
    column = total % width;
    return true;
  }

  /** Reads single pixels; at the end of the file, those that are there. */
  private boolean readLiterals(int count) {
    int bytes = fourBits ? (count + 1) / 2 : count;
    int there = Math.min(bytes, file.length - position);
    literals = position;
    taken = 0;
    left = there == bytes ? count : there * (fourBits ? 2L : 1);
    total += left;
    column += count;
    position += there;
    position += position & 1; // commands start at even positions
    return left > 0;
  }

  private void repeat(long count, int one, int other) {
    literals = -1;
    taken = 0;
    left = count;
    total += count;
    first = (byte) one;
    second = (byte) other;
  }
}
