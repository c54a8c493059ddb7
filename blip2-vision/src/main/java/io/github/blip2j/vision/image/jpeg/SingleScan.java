package io.github.blip2j.vision.image.jpeg;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;

/** Decodes a sequential picture of one scan, row by row of MCUs, without keeping coefficients. */
final class SingleScan {
  private final Segments segments;
  private final Frame frame;
  private final Scan scan;
  private final EntropyDecoder decoder;
  private final PictureRows rows;
  private final Mcu mcu;
  private final short[] blocks;
  private final InverseDct inverseDct = new InverseDct();

  SingleScan(Segments segments) throws IOException {
    this.segments = segments;
    frame = segments.frame();
    scan = segments.scan();
    decoder = EntropyDecoder.of(segments);
    rows = new PictureRows(frame, segments.colors());
    mcu = Mcu.of(scan);
    blocks = new short[mcu.size * Mcu.BLOCK];
    for (int b = 0; b < mcu.size; b++) {
      mcu.arrays[b] = blocks;
      mcu.offsets[b] = b * Mcu.BLOCK;
    }
  }

  byte[] decode() throws IOException {
    for (int mcuRow = 0; mcuRow < frame.mcuRows(); mcuRow++) {
      if (scan.interleaved()) {
        decodeInterleaved(mcuRow);
      } else {
        decodeBlocks(mcuRow);
      }
      rows.put(mcuRow);
    }
    requireNoMoreScans();
    return rows.rgb();
  }

  private void decodeInterleaved(int mcuRow) throws IOException {
    int columns = frame.mcusPerRow();
    for (int column = 0; column < columns; column++) {
      clear();
      decoder.next(mcu);
      int b = 0;
      for (Scan.Part part : scan.parts()) {
        Component component = part.component();
        int height = component.blockRowsIn(mcuRow, frame.mcuRows());
        for (int y = 0; y < component.vertical; y++) {
          for (int x = 0; x < component.horizontal; x++, b++) {
            int blockColumn = column * component.horizontal + x;
            if (y < height && blockColumn < component.blocksPerRow) {
              transform(component, b, mcuRow * component.vertical + y, blockColumn);
            }
          }
        }
      }
    }
  }

  /** The MCUs of a scan of one component are its blocks, none of which lie beyond the picture. */
  private void decodeBlocks(int mcuRow) throws IOException {
    Component component = scan.parts().get(0).component();
    int height = component.blockRowsIn(mcuRow, frame.mcuRows());
    for (int y = 0; y < height; y++) {
      for (int column = 0; column < component.blocksPerRow; column++) {
        clear();
        decoder.next(mcu);
        transform(component, 0, mcuRow * component.vertical + y, column);
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

  private void transform(Component component, int b, int blockRow, int column) {
    SampleRows plane = rows.plane(component.index);
    inverseDct.transform(
        blocks,
        mcu.offsets[b],
        mcu.extents[b],
        component.steps(),
        plane.samples,
        plane.offset(8 * blockRow) + 8 * column,
        plane.stride);
  }

  /**
   * What follows is read as Pillow makes libjpeg read it: up to the end of the image, or of the
   * piece of the file it has by then, which is not an error.
   */
  private void requireNoMoreScans() throws IOException {
    segments.input.endWithVisible();
    try {
      if (segments.nextScan()) {
        throw new IOException("a scan too many");
      }
    } catch (EOFException e) {
      // All rows are there.
    }
  }
}
