package io.github.blip2j.vision.image.jpeg;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decodes an image of several scans: a progressive one, or one with separate components.
 * Coefficients are stored until the end of the image.
 */
final class ManyScans {
  // Far more than files of cameras and programs need, which visit each block in some 10 scans.
  private static final long FREE_BLOCKS = 1L << 26;
  private static final int MOST_VISITS = 16;

  private final Segments segments;
  private final JpegColors colors;
  private final Frame frame;
  private final List<Coefficients> coefficients = new ArrayList<>();
  private final Progression progression;
  private long blocksLeft;
  private int lastWholeRow;
  private final InverseDct inverseDct = new InverseDct();

  ManyScans(Segments segments, JpegColors colors) throws IOException {
    this.colors = colors;
    this.segments = segments;
    frame = segments.frame();
    blocksLeft = FREE_BLOCKS + MOST_VISITS * frame.blocks();
    progression = new Progression(frame.components().size());
  }

  byte[] decode() throws IOException {
    for (Component component : frame.components()) {
      coefficients.add(new Coefficients(component));
    }
    do {
      Scan scan = segments.scan();
      scan.requireSmallMcu();
      segments.fixQuantization();
      requireBudget(scan);
      EntropyDecoder decoder = EntropyDecoder.of(segments);
      if (frame.coding().progressive()) {
        progression.add(scan, segments.scans());
      }
      read(scan, decoder);
    } while (segments.nextScan());
    ImageRows rows = ImageRows.streamed(frame, colors);
    write(rows);
    return rows.samples();
  }

  private void requireBudget(Scan scan) throws IOException {
    for (Scan.Part part : scan.parts()) {
      Component component = part.component();
      blocksLeft -= (long) component.blocksPerRow * component.blockRows;
    }
    if (blocksLeft < 0) {
      throw new IOException("more than " + (segments.scans() - 1) + " scans of that size");
    }
  }

  private void read(Scan scan, EntropyDecoder decoder) throws IOException {
    Mcu mcu = Mcu.of(scan);
    for (int mcuRow = 0; mcuRow < frame.mcuRows() && !decoder.finished(); mcuRow++) {
      if (scan.interleaved()) {
        readInterleaved(scan, decoder, mcu, mcuRow);
      } else {
        readBlocks(scan.parts().get(0).component(), decoder, mcu, mcuRow);
      }
    }
  }

  private void readInterleaved(Scan scan, EntropyDecoder decoder, Mcu mcu, int mcuRow)
      throws IOException {
    int columns = frame.mcusPerRow();
    mcu.touched = false;
    for (int column = 0; column < columns; column++) {
      int b = 0;
      for (Scan.Part part : scan.parts()) {
        Component component = part.component();
        for (int y = 0; y < component.vertical; y++) {
          short[] row = coefficients.get(component.index).row(mcuRow * component.vertical + y);
          for (int x = 0; x < component.horizontal; x++, b++) {
            mcu.arrays[b] = row;
            mcu.offsets[b] = (column * component.horizontal + x) * Mcu.BLOCK;
          }
        }
      }
      next(decoder, mcu, mcuRow);
      storeExtents(scan, mcu, mcuRow, column);
    }
    for (Scan.Part part : scan.parts()) {
      Component component = part.component();
      for (int y = 0; y < component.vertical && mcu.touched; y++) {
        coefficients.get(component.index).keep(mcuRow * component.vertical + y);
      }
    }
  }

  private void storeExtents(Scan scan, Mcu mcu, int mcuRow, int column) {
    int b = 0;
    for (Scan.Part part : scan.parts()) {
      Component component = part.component();
      for (int y = 0; y < component.vertical; y++) {
        int blockRow = mcuRow * component.vertical + y;
        byte[] extents = coefficients.get(component.index).extents(blockRow);
        for (int x = 0; x < component.horizontal; x++, b++) {
          int i = column * component.horizontal + x;
          extents[i] = (byte) Math.max(extents[i], mcu.extents[b]);
          mcu.extents[b] = 0;
        }
      }
    }
  }

  private void readBlocks(Component component, EntropyDecoder decoder, Mcu mcu, int mcuRow)
      throws IOException {
    Coefficients kept = coefficients.get(component.index);
    int height = component.blockRowsIn(mcuRow, frame.mcuRows());
    for (int y = 0; y < height; y++) {
      int blockRow = mcuRow * component.vertical + y;
      byte[] extents = kept.extents(blockRow);
      mcu.arrays[0] = kept.row(blockRow);
      mcu.touched = false;
      for (int column = 0; column < component.blocksPerRow; column++) {
        mcu.offsets[0] = column * Mcu.BLOCK;
        mcu.extents[0] = extents[column];
        next(decoder, mcu, mcuRow);
        extents[column] = (byte) mcu.extents[0];
      }
      if (mcu.touched) {
        kept.keep(blockRow);
      }
    }
  }

  private void next(EntropyDecoder decoder, Mcu mcu, int mcuRow) throws IOException {
    if (!decoder.exhausted()) {
      lastWholeRow = mcuRow;
    }
    decoder.next(mcu);
  }

  private void write(ImageRows rows) {
    BlockSmoothing smoothing =
        frame.coding().progressive()
            ? BlockSmoothing.of(frame, progression, segments.scans(), lastWholeRow)
            : null;
    try (var conversion = new RowConversion(rows, frame)) {
      for (int mcuRow = 0; mcuRow < frame.mcuRows(); mcuRow++) {
        transformRow(rows, mcuRow, smoothing);
        conversion.decoded(mcuRow);
      }
    }
  }

  private void transformRow(ImageRows rows, int mcuRow, @Nullable BlockSmoothing smoothing) {
    for (Component component : frame.components()) {
      int height = component.blockRowsIn(mcuRow, frame.mcuRows());
      for (int y = 0; y < height; y++) {
        if (smoothing == null) {
          transform(component, rows, mcuRow * component.vertical + y);
        } else {
          smooth(component, rows, mcuRow, y, smoothing);
        }
      }
    }
  }

  private void transform(Component component, ImageRows rows, int blockRow) {
    SampleRows plane = rows.plane(component.index);
    Coefficients kept = coefficients.get(component.index);
    short[] row = kept.row(blockRow);
    byte[] extents = kept.extents(blockRow);
    short[] steps = component.steps();
    int to = plane.offset(8 * blockRow);
    for (int x = 0; x < component.blocksPerRow; x++, to += 8) {
      inverseDct.transform(row, x * Mcu.BLOCK, extents[x], steps, plane.samples, to, plane.stride);
    }
  }

  private void smooth(
      Component component, ImageRows rows, int mcuRow, int y, BlockSmoothing smoothing) {
    SampleRows plane = rows.plane(component.index);
    smoothing.turnTo(component, coefficients.get(component.index), mcuRow, y);
    int to = plane.offset(8 * (mcuRow * component.vertical + y));
    for (int x = 0; x < component.blocksPerRow; x++, to += 8) {
      smoothing.smooth(component, mcuRow, x);
      inverseDct.transform(
          smoothing.block, 0, 63, component.steps(), plane.samples, to, plane.stride);
    }
  }
}
