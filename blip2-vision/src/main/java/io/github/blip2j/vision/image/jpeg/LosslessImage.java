package io.github.blip2j.vision.image.jpeg;

import java.io.IOException;
import java.util.HashSet;
import java.util.Set;

/** Decodes a lossless image (ITU-T T.81, annex H), of one scan or of several. */
final class LosslessImage {
  private static final long FREE_SAMPLES = 1L << 28;
  private static final int MOST_VISITS = 4;

  private final Segments segments;
  private final Frame frame;
  private final boolean single;
  private final ImageRows rows;
  private final Set<Component> scanned = new HashSet<>();
  private long samplesLeft;

  LosslessImage(Segments segments, JpegColors colors) throws IOException {
    this.segments = segments;
    frame = segments.frame();
    single = segments.scan().parts().size() == frame.components().size();
    rows = single ? ImageRows.streamed(frame, colors) : ImageRows.whole(frame, colors);
    samplesLeft = FREE_SAMPLES + MOST_VISITS * frame.blocks();
  }

  byte[] decode() throws IOException {
    do {
      Scan scan = segments.scan();
      scan.requireSmallMcu();
      add(scan);
      var decoder = new LosslessScan(segments, rows);
      for (int mcuRow = 0; mcuRow < frame.mcuRows(); mcuRow++) {
        decoder.decode(mcuRow);
        if (single) {
          rows.put(mcuRow);
        }
      }
      if (single) {
        segments.requireLastScan();
        return rows.samples();
      }
    } while (segments.nextScan());
    if (!scanned.containsAll(frame.components())) {
      throw new IOException("a lossless component without a scan");
    }
    for (int mcuRow = 0; mcuRow < frame.mcuRows(); mcuRow++) {
      rows.put(mcuRow);
    }
    return rows.samples();
  }

  private void add(Scan scan) throws IOException {
    for (Scan.Part part : scan.parts()) {
      scanned.add(part.component());
      samplesLeft -= (long) part.component().blocksPerRow * part.component().blockRows;
    }
    if (samplesLeft < 0) {
      throw new IOException("more than " + (segments.scans() - 1) + " scans of that size");
    }
  }
}
