package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.jpeg.entropy.BitReader;
import io.github.blip2j.vision.image.jpeg.entropy.HuffmanTable;
import io.github.blip2j.vision.image.jpeg.entropy.Marker;
import io.github.blip2j.vision.image.jpeg.entropy.ZigZag;
import java.io.IOException;
import java.util.Arrays;

/** Decodes a scan of a progressive frame (ITU-T T.81, section G.2). */
abstract class ProgressiveHuffman extends EntropyDecoder {
  final BitReader bits;

  private ProgressiveHuffman(Segments segments) throws IOException {
    super(segments.input, segments.scan());
    bits = new BitReader(input);
  }

  static ProgressiveHuffman of(Segments segments) throws IOException {
    Scan scan = segments.scan();
    scan.requireProgressive();
    if (scan.first() == 0) {
      return scan.high() == 0 ? new DcFirst(segments) : new DcRefinement(segments);
    }
    return scan.high() == 0 ? new AcFirst(segments) : new AcRefinement(segments);
  }

  @Override
  boolean exhausted() {
    return bits.exhausted;
  }

  @Override
  void restart() {
    bits.reset();
    bits.exhausted &= input.marker != Marker.NONE;
  }

  /** First scan of DC coefficients (section G.1.2.1). */
  private static final class DcFirst extends ProgressiveHuffman {
    private final HuffmanTable[] tables;
    private final int[] predictions;

    DcFirst(Segments segments) throws IOException {
      super(segments);
      int parts = scan.parts().size();
      predictions = new int[parts];
      tables = new HuffmanTable[parts];
      for (int p = 0; p < parts; p++) {
        tables[p] = segments.tables.dc(scan.parts().get(p).dcTable());
      }
    }

    @Override
    void restart() {
      super.restart();
      Arrays.fill(predictions, 0);
    }

    @Override
    void decode(Mcu mcu) throws IOException {
      if (bits.exhausted) {
        return;
      }
      for (int b = 0; b < mcu.size; b++) {
        int part = mcu.parts[b];
        int difference = bits.signed(bits.decode(tables[part]));
        try {
          predictions[part] = Math.addExact(predictions[part], difference);
        } catch (ArithmeticException e) {
          throw new IOException("DC coefficients beyond 32 bits", e);
        }
        short value = (short) (predictions[part] << scan.low());
        mcu.arrays[b][mcu.offsets[b]] = value;
        mcu.touched |= value != 0;
      }
    }
  }

  /** Later scans of DC coefficients, of one bit each (section G.1.2.1). */
  private static final class DcRefinement extends ProgressiveHuffman {
    DcRefinement(Segments segments) throws IOException {
      super(segments);
    }

    @Override
    void decode(Mcu mcu) throws IOException {
      for (int b = 0; b < mcu.size; b++) {
        if (bits.bits(1) != 0) {
          mcu.arrays[b][mcu.offsets[b]] |= (short) (1 << scan.low());
          mcu.touched = true;
        }
      }
    }
  }

  /** Scans of AC coefficients, of one component each. */
  private abstract static class Ac extends ProgressiveHuffman {
    final HuffmanTable table;

    /** The number of blocks without further coefficients in the band, including the current one. */
    int endOfBandRun;

    Ac(Segments segments) throws IOException {
      super(segments);
      table = segments.tables.ac(scan.parts().get(0).acTable());
    }

    @Override
    void restart() {
      super.restart();
      endOfBandRun = 0;
    }

    /** Reads the length of an end-of-band run, with {@code size} additional bits. */
    void readRun(int size) throws IOException {
      endOfBandRun = (1 << size) + (size == 0 ? 0 : bits.bits(size));
    }
  }

  /** First scan of a band (section G.1.2.2). */
  private static final class AcFirst extends Ac {
    AcFirst(Segments segments) throws IOException {
      super(segments);
    }

    @Override
    void decode(Mcu mcu) throws IOException {
      if (bits.exhausted) {
        return;
      }
      if (endOfBandRun > 0) {
        endOfBandRun--;
        return;
      }
      short[] block = mcu.arrays[0];
      int offset = mcu.offsets[0];
      int last = scan.last();
      int low = scan.low();
      int k = scan.first();
      while (k <= last) {
        int symbol = bits.decode(table);
        int run = symbol >> 4;
        int size = symbol & 15;
        if (size == 0 && run < 15) {
          readRun(run);
          endOfBandRun--;
          break;
        }
        k += run;
        if (size != 0) {
          block[offset + ZigZag.natural(k)] = (short) (bits.signed(size) << low);
          mcu.reach(0, k);
        }
        k++;
      }
    }
  }

  /** Later scans of a band, of one bit for each coefficient (section G.1.2.3). */
  private static final class AcRefinement extends Ac {
    private final int bit;

    AcRefinement(Segments segments) throws IOException {
      super(segments);
      bit = 1 << scan.low();
    }

    @Override
    void decode(Mcu mcu) throws IOException {
      if (bits.exhausted) {
        return;
      }
      int last = scan.last();
      int k = scan.first();
      while (endOfBandRun == 0 && k <= last) {
        int symbol = bits.decode(table);
        int run = symbol >> 4;
        if ((symbol & 15) == 0) {
          if (run < 15) {
            readRun(run);
            break;
          }
          k = refine(mcu, k, last, run);
        } else {
          int value = bits.bits(1) != 0 ? bit : -bit; // a size other than 1 is a warning
          k = refine(mcu, k, last, run);
          mcu.arrays[0][mcu.offsets[0] + ZigZag.natural(k)] = (short) value;
          mcu.reach(0, k);
        }
        k++;
      }
      if (endOfBandRun > 0) {
        // Beyond the extent there is nothing to refine.
        refine(mcu, k, Math.min(scan.last(), mcu.extents[0]), Mcu.BLOCK);
        endOfBandRun--;
      }
    }

    /**
     * Refines the nonzero coefficients from {@code from} to {@code last}, passing {@code zeros}
     * zeros.
     *
     * @return the index of the next zero, or one beyond {@code last}
     */
    private int refine(Mcu mcu, int from, int last, int zeros) throws IOException {
      short[] block = mcu.arrays[0];
      int offset = mcu.offsets[0];
      int left = zeros;
      int k = from;
      for (; k <= last; k++) {
        int i = offset + ZigZag.natural(k);
        int value = block[i];
        if (value == 0) {
          if (--left < 0) {
            break;
          }
        } else if (bits.bits(1) != 0 && (value & bit) == 0) {
          block[i] = (short) (value >= 0 ? value + bit : value - bit);
        }
      }
      return k;
    }
  }
}
