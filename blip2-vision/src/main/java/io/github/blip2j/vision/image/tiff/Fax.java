package io.github.blip2j.vision.image.tiff;

/**
 * Facsimile coding: CCITT RLE, Group 3 in one and two dimensions, and Group 4 (ITU-T T.4 and T.6;
 * TIFF 6.0, sections 10 and 11).
 *
 * <p>Damaged codes do not end an image: as in libtiff, each row is repaired separately, and the
 * next one begins where the codes have ended.
 */
final class Fax implements Decompressor {
  private final Compression compression;
  private final boolean twoDimensional;
  private final boolean leastFirst;
  private final int width;
  private final int rowBytes;

  private final FaxRow odd;
  private final FaxRow even;
  private FaxRow row;
  private FaxRow reference;
  private FaxBits bits = new FaxBits(new CodedBytes(new byte[0], 0, 0), false);
  private boolean endOfLine;

  // The state of the reference row: its next change of colour, and the run after it.
  private int change;
  private int next;

  /** The outcome of a row. */
  private enum End {
    WHOLE,
    NO_MORE_CODES,
    TOO_MANY_RUNS
  }

  /**
   * A decoder of strips or tiles of this width.
   *
   * @param twoDimensional whether Group 3 codes refer to the row above
   * @param leastFirst whether codes begin with the least significant bit of a byte
   */
  Fax(Compression compression, boolean twoDimensional, boolean leastFirst, int width) {
    this.compression = compression;
    this.twoDimensional = twoDimensional;
    this.leastFirst = leastFirst;
    this.width = width;
    this.rowBytes = (width + 7) / 8;
    int room = (width + 32) / 32 * 32;
    boolean refers = twoDimensional || compression == Compression.CCITT_GROUP4;
    this.odd = new FaxRow(width, refers ? 2 * room : room);
    this.even = new FaxRow(width, refers ? 2 * room : 0);
    this.row = odd;
    this.reference = even;
  }

  @Override
  public boolean decode(CodedBytes source, byte[] target, int size) {
    bits = new FaxBits(source, leastFirst);
    endOfLine = false;
    row = odd;
    reference = even;
    reference.setWhite();
    int rows = size / rowBytes;
    for (int y = 0; y < rows; y++) {
      row.clear();
      End end = decodeRow();
      if (end == End.TOO_MANY_RUNS) {
        return false;
      }
      if (compression == Compression.CCITT_GROUP4 && endOfLine) {
        end = End.NO_MORE_CODES;
      }
      row.paint(target, y * rowBytes);
      if (end == End.NO_MORE_CODES) {
        // A Group 4 image may end early, except in its first row.
        return compression == Compression.CCITT_GROUP4 && y > 0;
      }
      if (compression == Compression.CCITT_RLE) {
        bits.alignToByte();
      } else if (compression == Compression.CCITT_RLE_WORDS) {
        bits.alignToWord();
      } else if (twoDimensional || compression == Compression.CCITT_GROUP4) {
        if (!row.add(0) && compression == Compression.CCITT_GROUP4) {
          return false;
        }
        FaxRow above = reference;
        reference = row;
        row = above;
      }
    }
    return true;
  }

  private End decodeRow() {
    boolean alone = true;
    if (compression == Compression.CCITT_GROUP3) {
      if (!skipToRow()) {
        return stop();
      }
      if (twoDimensional) {
        int tag = bits.peek(1);
        if (tag == FaxBits.EXHAUSTED) {
          return stop();
        }
        bits.skip(1);
        alone = tag != 0;
      }
    } else if (compression == Compression.CCITT_GROUP4) {
      alone = false;
    }
    return alone ? decodeAlone() : decodeByReference();
  }

  private End stop() {
    return row.complete() ? End.NO_MORE_CODES : End.TOO_MANY_RUNS;
  }

  private End finish() {
    return row.complete() ? End.WHOLE : End.TOO_MANY_RUNS;
  }

  /** Skips to the position after the next end-of-line code; returns whether there is one. */
  private boolean skipToRow() {
    if (!endOfLine) {
      int eleven = bits.peek(11);
      while (eleven > 0) {
        bits.skip(1);
        eleven = bits.peek(11);
      }
      if (eleven == FaxBits.EXHAUSTED) {
        return false;
      }
    }
    int eight = bits.peek(8);
    while (eight == 0) {
      bits.skip(8);
      eight = bits.peek(8);
    }
    if (eight == FaxBits.EXHAUSTED) {
      return false;
    }
    bits.skip(Integer.numberOfTrailingZeros(eight) + 1);
    endOfLine = false;
    return true;
  }

  /** Reads a row of white and black runs. */
  private End decodeAlone() {
    while (true) {
      int white = readRun(FaxCodes.WHITE);
      if (white != RUN) {
        return endAlone(white);
      }
      if (row.position >= width) {
        return finish();
      }
      int black = readRun(FaxCodes.BLACK);
      if (black != RUN) {
        return endAlone(black);
      }
      if (row.position >= width) {
        return finish();
      }
      row.dropEmptyPair();
    }
  }

  private End endAlone(int outcome) {
    if (outcome == FULL) {
      return End.TOO_MANY_RUNS;
    }
    if (outcome == FaxBits.EXHAUSTED) {
      return stop();
    }
    endOfLine |= outcome == FaxCodes.END_OF_LINE;
    return finish();
  }

  private static final int RUN = FaxCodes.TERMINATING;
  private static final int FULL = 99;

  /** Reads one run; returns RUN, EXHAUSTED, FULL, or the meaning of another code. */
  private int readRun(FaxCodes codes) {
    while (true) {
      int index = bits.peek(codes.bits());
      if (index == FaxBits.EXHAUSTED) {
        return FaxBits.EXHAUSTED;
      }
      bits.skip(codes.width(index));
      int meaning = codes.meaning(index);
      if (meaning == FaxCodes.TERMINATING) {
        return row.add(codes.length(index)) ? RUN : FULL;
      }
      if (meaning != FaxCodes.MAKE_UP) {
        return meaning;
      }
      row.position += codes.length(index);
      row.begun += codes.length(index);
    }
  }

  /** Reads a row coded relative to the row above. */
  private End decodeByReference() {
    change = reference.run(0);
    next = 1;
    while (row.position < width) {
      if (row.isFull()) {
        return End.TOO_MANY_RUNS;
      }
      int index = bits.peek(FaxCodes.MODES.bits());
      if (index == FaxBits.EXHAUSTED) {
        return stop();
      }
      bits.skip(FaxCodes.MODES.width(index));
      int distance = FaxCodes.MODES.length(index);
      boolean fits = true;
      switch (FaxCodes.MODES.meaning(index)) {
        case FaxCodes.PASS -> fits = pass();
        case FaxCodes.HORIZONTAL -> {
          boolean black = (row.count() & 1) != 0;
          int outcome = readRun(black ? FaxCodes.BLACK : FaxCodes.WHITE);
          if (outcome == RUN) {
            outcome = readRun(black ? FaxCodes.WHITE : FaxCodes.BLACK);
          }
          if (outcome == FaxBits.EXHAUSTED) {
            return stop();
          }
          if (outcome == FULL) {
            return End.TOO_MANY_RUNS;
          }
          if (outcome != RUN) {
            return finish();
          }
          fits = catchUp();
        }
        case FaxCodes.VERTICAL -> {
          fits = catchUp() && row.add(change - row.position + distance) && hasNext();
          if (fits) {
            change += reference.run(next++);
          }
        }
        case FaxCodes.VERTICAL_LEFT -> {
          fits = catchUp();
          if (fits && change < row.position + distance) {
            return finish();
          }
          fits = fits && next > 0 && row.add(change - row.position - distance);
          if (fits) {
            change -= reference.run(--next);
          }
        }
        case FaxCodes.EXTENSION -> {
          row.addRest();
          return finish();
        }
        case FaxCodes.END_OF_LINE -> {
          row.addRest();
          if (bits.peek(4) == FaxBits.EXHAUSTED) {
            return stop();
          }
          bits.skip(4);
          endOfLine = true;
          return finish();
        }
        default -> {
          return finish();
        }
      }
      if (!fits) {
        return End.TOO_MANY_RUNS;
      }
    }
    return endByReference();
  }

  /** Ends a run that a pass code left open with the row, after one more code if necessary. */
  private End endByReference() {
    if (row.begun != 0) {
      if (row.begun + row.position < width) {
        int bit = bits.peek(1);
        if (bit == FaxBits.EXHAUSTED) {
          return stop();
        }
        if (bit == 0) {
          return finish();
        }
        bits.skip(1);
      }
      if (!row.add(0)) {
        return End.TOO_MANY_RUNS;
      }
    }
    return finish();
  }

  private boolean pass() {
    if (!catchUp() || next + 1 >= room()) {
      return false;
    }
    change += reference.run(next++);
    row.begun += change - row.position;
    row.position = change;
    change += reference.run(next++);
    return true;
  }

  /** Moves to the first change of the reference row to the right of the current position. */
  private boolean catchUp() {
    if (row.count() != 0) {
      while (change <= row.position && change < width) {
        if (next + 1 >= room()) {
          return false;
        }
        change += reference.run(next) + reference.run(next + 1);
        next += 2;
      }
    }
    return true;
  }

  private boolean hasNext() {
    return next < room();
  }

  private int room() {
    return reference.room();
  }
}
