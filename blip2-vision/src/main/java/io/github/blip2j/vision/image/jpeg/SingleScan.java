package io.github.blip2j.vision.image.jpeg;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Decodes a sequential image of one scan, row by row of MCUs, without storing coefficients. */
final class SingleScan {
  private final Segments segments;
  private final Frame frame;
  private final Scan scan;
  private final EntropyDecoder decoder;
  private final ImageRows rows;
  private final Mcu mcu;
  private final short[] blocks;
  private final BlockTarget[] targets; // in the order of the blocks of an interleaved MCU
  private final InverseDct inverseDct = new InverseDct();

  SingleScan(Segments segments, JpegColors colors) throws IOException {
    this.segments = segments;
    frame = segments.frame();
    scan = segments.scan();
    decoder = EntropyDecoder.of(segments);
    rows = ImageRows.streamed(frame, colors);
    mcu = Mcu.of(scan);
    blocks = new short[mcu.size * Mcu.BLOCK];
    for (int b = 0; b < mcu.size; b++) {
      mcu.arrays[b] = blocks;
      mcu.offsets[b] = b * Mcu.BLOCK;
    }
    targets = scan.interleaved() ? targets() : new BlockTarget[0];
  }

  private BlockTarget[] targets() {
    List<BlockTarget> all = new ArrayList<>();
    for (Scan.Part part : scan.parts()) {
      Component component = part.component();
      for (int y = 0; y < component.vertical; y++) {
        for (int x = 0; x < component.horizontal; x++) {
          all.add(new BlockTarget(component, rows.plane(component.index), x, y));
        }
      }
    }
    return all.toArray(new BlockTarget[0]);
  }

  byte[] decode() throws IOException {
    try (var conversion = new RowConversion(rows, frame)) {
      for (int mcuRow = 0; mcuRow < frame.mcuRows(); mcuRow++) {
        if (scan.interleaved()) {
          decodeRow(mcuRow);
        } else {
          decodeBlocks(mcuRow);
        }
        conversion.decoded(mcuRow);
      }
    }
    segments.requireLastScan();
    return rows.samples();
  }

  private void decodeRow(int mcuRow) throws IOException {
    for (BlockTarget target : targets) {
      target.turnTo(mcuRow, frame.mcuRows());
    }
    int columns = frame.mcusPerRow();
    for (int column = 0; column < columns; column++) {
      clear();
      decoder.next(mcu);
      for (int b = 0; b < targets.length; b++) {
        targets[b].put(inverseDct, blocks, b * Mcu.BLOCK, mcu.extents[b], column);
      }
    }
  }

  /**
   * Decodes the blocks of a scan of one component: they are its MCUs, and none lies beyond the
   * image.
   */
  private void decodeBlocks(int mcuRow) throws IOException {
    Component component = scan.parts().get(0).component();
    int height = component.blockRowsIn(mcuRow, frame.mcuRows());
    for (int y = 0; y < height; y++) {
      SampleRows plane = rows.plane(component.index);
      int to = plane.offset(8 * (mcuRow * component.vertical + y));
      for (int column = 0; column < component.blocksPerRow; column++) {
        clear();
        decoder.next(mcu);
        inverseDct.transform(
            blocks, 0, mcu.extents[0], component.steps(), plane.samples, to, plane.stride);
        to += 8;
      }
    }
  }

  private void clear() {
    for (int b = 0; b < mcu.size; b++) {
      if (mcu.extents[b] > 0) {
        Arrays.fill(blocks, mcu.offsets[b], mcu.offsets[b] + Mcu.BLOCK, (short) 0);
        mcu.extents[b] = 0;
      }
      blocks[mcu.offsets[b]] = 0;
    }
  }
}
