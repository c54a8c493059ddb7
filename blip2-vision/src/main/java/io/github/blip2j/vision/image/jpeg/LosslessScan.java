package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.jpeg.entropy.BitReader;
import io.github.blip2j.vision.image.jpeg.entropy.HuffmanTable;
import io.github.blip2j.vision.image.jpeg.entropy.JpegInput;
import io.github.blip2j.vision.image.jpeg.entropy.Marker;
import java.io.IOException;
import java.util.Arrays;

/**
 * Decodes a scan of lossless samples, stored as differences from predictions (ITU-T T.81, sections
 * H.1.2 and H.2).
 */
final class LosslessScan {
  private static final int LARGEST_SIZE = 16; // of a difference without further bits: 32768
  private static final int SAMPLE_BITS = 8;

  private final JpegInput input;
  private final Frame frame;
  private final Scan scan;
  private final ImageRows rows;
  private final BitReader bits;
  private final HuffmanTable[] tables;
  private final int[][][] differences; // for each part, its rows in a row of MCUs
  private final int[][] above; // for each part, the last decoded row of samples
  private final boolean[] first; // for each part, whether its next row is the first
  private final int mcusPerRow;
  private final int restartRows;
  private int untilRestart;
  private int nextRestart;

  LosslessScan(Segments segments, ImageRows rows) throws IOException {
    this.input = segments.input;
    this.frame = segments.frame();
    this.scan = segments.scan();
    this.rows = rows;
    int parts = scan.parts().size();
    mcusPerRow =
        scan.interleaved() ? frame.mcusPerRow() : scan.parts().get(0).component().blocksPerRow;
    scan.requireLossless(mcusPerRow);
    bits = new BitReader(input);
    tables = new HuffmanTable[parts];
    differences = new int[parts][][];
    above = new int[parts][];
    first = new boolean[parts];
    Arrays.fill(first, true);
    for (int p = 0; p < parts; p++) {
      Scan.Part part = scan.parts().get(p);
      tables[p] = segments.tables.differences(part.dcTable());
      int width = part.component().paddedBlocksPerRow();
      differences[p] = new int[part.component().vertical][width];
      above[p] = new int[width];
    }
    restartRows = scan.restartInterval() / mcusPerRow;
    untilRestart = restartRows;
  }

  /** Decodes row {@code mcuRow} of the MCUs of all components. */
  void decode(int mcuRow) throws IOException {
    Component only = scan.parts().get(0).component();
    int mcuRowsOfScan = scan.interleaved() ? 1 : only.blockRowsIn(mcuRow, frame.mcuRows());
    for (int y = 0; y < mcuRowsOfScan; y++) {
      readDifferences(y);
    }
    for (int p = 0; p < tables.length; p++) {
      Component component = scan.parts().get(p).component();
      SampleRows plane = rows.plane(component.index);
      int height = component.blockRowsIn(mcuRow, frame.mcuRows());
      for (int y = 0; y < height; y++) {
        int[] row = differences[p][y];
        addPredictions(row, above[p], component.blocksPerRow, first[p]);
        first[p] = false;
        int to = plane.offset(mcuRow * component.vertical + y);
        for (int x = 0; x < component.blocksPerRow; x++) {
          plane.samples[to + x] = (byte) (row[x] << scan.low());
        }
        differences[p][y] = above[p];
        above[p] = row;
      }
    }
  }

  private void readDifferences(int y) throws IOException {
    if (restartRows > 0) {
      if (untilRestart == 0) {
        bits.reset();
        input.passRestart(nextRestart);
        nextRestart = nextRestart + 1 & 7;
        bits.exhausted &= input.marker != Marker.NONE;
        untilRestart = restartRows;
        Arrays.fill(first, true);
      }
      untilRestart--;
    }
    if (bits.exhausted) { // gray up to the next restart marker
      for (int[][] part : differences) {
        if (scan.interleaved()) {
          for (int[] row : part) {
            Arrays.fill(row, 0);
          }
        } else {
          Arrays.fill(part[y], 0);
        }
      }
      Arrays.fill(first, true);
      return;
    }
    for (int column = 0; column < mcusPerRow; column++) {
      for (int p = 0; p < tables.length; p++) {
        Component component = scan.parts().get(p).component();
        if (!scan.interleaved()) {
          differences[p][y][column] = difference(tables[p]);
          continue;
        }
        for (int[] row : differences[p]) {
          for (int x = 0; x < component.horizontal; x++) {
            row[column * component.horizontal + x] = difference(tables[p]);
          }
        }
      }
    }
  }

  private int difference(HuffmanTable table) throws IOException {
    int size = bits.decode(table);
    return size == LARGEST_SIZE ? 1 << (size - 1) : bits.signed(size);
  }

  /** Adds predictions to a row of differences, modulo 2^16. */
  private void addPredictions(int[] row, int[] above, int width, boolean first) {
    if (first) {
      row[0] = row[0] + (1 << (SAMPLE_BITS - 1 - scan.low())) & 0xFFFF;
      for (int x = 1; x < width; x++) {
        row[x] = row[x] + row[x - 1] & 0xFFFF;
      }
      return;
    }
    row[0] = row[0] + above[0] & 0xFFFF;
    for (int x = 1; x < width; x++) {
      row[x] = row[x] + prediction(row[x - 1], above[x], above[x - 1]) & 0xFFFF;
    }
  }

  /** The prediction from the neighbours left, above, and above left (table H.1). */
  private int prediction(int a, int b, int c) {
    return switch (scan.first()) {
      case 1 -> a;
      case 2 -> b;
      case 3 -> c;
      case 4 -> a + b - c;
      case 5 -> a + ((b - c) >> 1);
      case 6 -> b + ((a - c) >> 1);
      default -> (a + b) >> 1;
    };
  }
}
