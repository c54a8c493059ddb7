package io.github.blip2j.vision.image.jpeg;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * A scan header (ITU-T T.81, section B.2.3).
 *
 * @param first first coefficient of the band in zigzag order, Ss
 * @param last last coefficient of the band, Se
 * @param high the bit position before this scan, in successive approximation, Ah; 0 in a first scan
 * @param low bits still missing after it, Al
 * @param restartInterval MCUs between restart markers, 0 without them
 */
record Scan(List<Part> parts, int first, int last, int high, int low, int restartInterval) {
  private static final int BLOCKS_IN_MCU = 10;
  private static final int LAST_COEFFICIENT = 63;
  private static final int MOST_MISSING_BITS = 13;
  private static final int PREDICTORS = 7;
  private static final int SAMPLE_BITS = 8;

  /** A component of a scan and the numbers of its entropy-coding tables. */
  record Part(Component component, int dcTable, int acTable) {}

  boolean interleaved() {
    return parts.size() > 1;
  }

  /** Checks that an MCU is no larger than allowed (section B.2.3). */
  void requireSmallMcu() throws IOException {
    int blocks = 0;
    for (Part part : parts) {
      blocks += part.component.horizontal * part.component.vertical;
    }
    if (interleaved() && blocks > BLOCKS_IN_MCU) {
      throw new IOException("MCUs of " + blocks + " blocks");
    }
  }

  /** Checks the parameters of a lossless scan (section H.1.2). */
  void requireLossless(int mcusPerRow) throws IOException {
    if (first < 1 || first > PREDICTORS || last != 0 || high != 0 || low >= SAMPLE_BITS) {
      throw new IOException(
          String.format(Locale.ROOT, "a lossless scan %d-%d, %d-%d", first, last, high, low));
    }
    if (restartInterval % mcusPerRow != 0) {
      throw new IOException("a restart interval of " + restartInterval + " lossless samples");
    }
  }

  /** Checks the parameters of a scan of a progressive frame (section G.1.1.1). */
  void requireProgressive() throws IOException {
    boolean band = first == 0 ? last == 0 : first <= last && last <= LAST_COEFFICIENT;
    boolean components = first == 0 || !interleaved();
    boolean bits = (high == 0 || low == high - 1) && low <= MOST_MISSING_BITS;
    if (!band || !components || !bits) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "a progressive scan %d-%d, %d-%d of %d components",
              first,
              last,
              high,
              low,
              parts.size()));
    }
  }
}
