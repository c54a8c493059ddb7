package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.jpeg.entropy.JpegInput;
import io.github.blip2j.vision.image.jpeg.entropy.Marker;
import java.io.IOException;

/** Decodes the coefficients of one scan, MCU by MCU, and its restart markers. */
abstract class EntropyDecoder {
  final JpegInput input;
  final Scan scan;
  private int untilRestart;
  private int nextRestart;

  EntropyDecoder(JpegInput input, Scan scan) {
    this.input = input;
    this.scan = scan;
    this.untilRestart = scan.restartInterval();
  }

  /** A decoder of the scan whose header was read last. */
  static EntropyDecoder of(Segments segments) throws IOException {
    return switch (segments.frame().coding()) {
      case SEQUENTIAL -> new SequentialHuffman(segments);
      case PROGRESSIVE -> ProgressiveHuffman.of(segments);
      case ARITHMETIC_SEQUENTIAL, ARITHMETIC_PROGRESSIVE -> new ArithmeticScan(segments);
      case LOSSLESS -> throw new IllegalStateException("lossless scans have no coefficients");
    };
  }

  /**
   * Decodes the next MCU. Damaged data give damaged coefficients; if the data end early, the
   * coefficients stay as they are.
   *
   * @throws java.io.EOFException if the file ends before the scan does
   */
  final void next(Mcu mcu) throws IOException {
    if (scan.restartInterval() > 0) {
      if (untilRestart == 0) {
        input.passRestart(nextRestart);
        nextRestart = nextRestart + 1 & 7;
        untilRestart = scan.restartInterval();
        restart();
      }
      untilRestart--;
    }
    decode(mcu);
  }

  /** Whether the rest of the scan changes no coefficient. */
  final boolean finished() {
    boolean noRestart =
        scan.restartInterval() == 0
            || (input.marker >= Marker.SOF0 && !Marker.isRestart(input.marker));
    return exhausted() && noRestart;
  }

  /** Whether a marker came before the end of the last MCU's data. */
  abstract boolean exhausted();

  abstract void decode(Mcu mcu) throws IOException;

  /** Restarts after a restart marker, or before an unexpected one. */
  abstract void restart();
}
