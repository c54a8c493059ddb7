package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.jpeg.entropy.BitReader;
import io.github.blip2j.vision.image.jpeg.entropy.HuffmanTable;
import io.github.blip2j.vision.image.jpeg.entropy.Marker;
import io.github.blip2j.vision.image.jpeg.entropy.ZigZag;
import java.io.IOException;
import java.util.Arrays;

/** Decodes a scan of a sequential frame (ITU-T T.81, section F.2.2). */
final class SequentialHuffman extends EntropyDecoder {
  /** More than any block takes; farther from the end of the file, no checks are needed. */
  private static final int MOST_BLOCK_BYTES = 512;

  private static final int PAIR_LOOKAHEAD = HuffmanTable.PAIR_LOOKAHEAD;
  private static final int PAIR_MASK = (1 << PAIR_LOOKAHEAD) - 1;
  private static final int FEW_BITS = 16;

  private final BitReader bits;
  private final HuffmanTable[] dcTables;
  private final HuffmanTable[] acTables;
  private final int[] predictions;

  // The state before the current MCU.
  private int savedPosition;
  private long savedBuffer;
  private int savedCount;
  private final int[] savedPredictions;

  SequentialHuffman(Segments segments) throws IOException {
    super(segments.input, segments.scan());
    bits = new BitReader(input);
    int parts = scan.parts().size();
    predictions = new int[parts];
    savedPredictions = new int[parts];
    dcTables = new HuffmanTable[parts];
    acTables = new HuffmanTable[parts];
    for (int p = 0; p < parts; p++) {
      dcTables[p] = segments.tables.dc(scan.parts().get(p).dcTable());
      acTables[p] = segments.tables.ac(scan.parts().get(p).acTable());
    }
  }

  @Override
  boolean exhausted() {
    return bits.exhausted;
  }

  @Override
  void restart() {
    bits.reset();
    bits.exhausted &= input.marker != Marker.NONE;
    Arrays.fill(predictions, 0);
  }

  @Override
  void decode(Mcu mcu) throws IOException {
    if (bits.exhausted) {
      return;
    }
    save();
    if (isFarFromEnd(mcu)) {
      if (decodeFast(mcu)) {
        return;
      }
      restore(); // before a marker each bit counts
    }
    while (true) {
      int visible = input.visible();
      decodeExactly(mcu);
      if (input.position <= visible) {
        return;
      }
      // libjpeg would request the next piece of the file from Pillow and restart the MCU.
      restore();
      input.showMore();
      if (isFarFromEnd(mcu) && decodeFast(mcu)) {
        return;
      }
      restore();
    }
  }

  private boolean isFarFromEnd(Mcu mcu) {
    return input.marker == Marker.NONE
        && scan.restartInterval() == 0
        && input.visible() - input.position >= MOST_BLOCK_BYTES * mcu.size;
  }

  private void save() {
    savedPosition = input.position;
    savedBuffer = bits.buffer;
    savedCount = bits.count;
    System.arraycopy(predictions, 0, savedPredictions, 0, predictions.length);
  }

  private void restore() {
    input.position = savedPosition;
    input.marker = Marker.NONE;
    bits.buffer = savedBuffer;
    bits.count = savedCount;
    bits.exhausted = false;
    System.arraycopy(savedPredictions, 0, predictions, 0, predictions.length);
  }

  private void decodeExactly(Mcu mcu) throws IOException {
    mcu.touched = true;
    for (int b = 0; b < mcu.size; b++) {
      int part = mcu.parts[b];
      short[] block = mcu.arrays[b];
      int offset = mcu.offsets[b];
      predictions[part] += bits.signed(bits.decode(dcTables[part]));
      block[offset] = (short) predictions[part];
      HuffmanTable table = acTables[part];
      int extent = mcu.extents[b];
      int k = 1;
      while (k < Mcu.BLOCK) {
        int symbol = bits.decode(table);
        int size = symbol & 15;
        if (size == 0 && symbol != 0xF0) {
          break;
        }
        k += symbol >> 4;
        if (size != 0) {
          block[offset + ZigZag.natural(k)] = (short) bits.signed(size);
          extent = Math.max(extent, k);
        }
        k++;
      }
      mcu.extents[b] = extent;
    }
  }

  /**
   * Decodes without checks; returns false if a marker was found, and the result is then invalid.
   */
  private boolean decodeFast(Mcu mcu) {
    mcu.touched = true;
    boolean plain = true;
    for (int b = 0; b < mcu.size; b++) {
      int part = mcu.parts[b];
      short[] block = mcu.arrays[b];
      int offset = mcu.offsets[b];
      plain &= decodeDc(part, block, offset);
      plain &= decodeAc(acTables[part], block, offset, mcu.extents, b);
    }
    return plain;
  }

  private boolean decodeDc(int part, short[] block, int offset) {
    boolean plain = bits.count > FEW_BITS || bits.fillSix();
    int size = bits.decodeLoaded(dcTables[part]);
    if (size != 0) {
      plain &= bits.count > FEW_BITS || bits.fillSix();
      bits.count -= size;
      int value = (int) (bits.buffer >>> bits.count) & (1 << size) - 1;
      predictions[part] += BitReader.extend(value, size);
    }
    block[offset] = (short) predictions[part];
    return plain;
  }

  private boolean decodeAc(HuffmanTable table, short[] block, int offset, int[] extents, int b) {
    BitReader in = bits;
    int[] pairs = table.pairs;
    long buffer = in.buffer;
    int count = in.count;
    boolean plain = true;
    int last = 0;
    int k = 1;
    while (k < Mcu.BLOCK) {
      if (count <= FEW_BITS) {
        in.buffer = buffer;
        in.count = count;
        plain &= in.fillSix();
        buffer = in.buffer;
        count = in.count;
      }
      int pair = pairs[(int) (buffer >>> (count - PAIR_LOOKAHEAD)) & PAIR_MASK];
      int length = pair >> 4 & 15;
      if (pair != 0 && count - length > FEW_BITS) { // otherwise libjpeg would load bits in between
        count -= pair & 15;
        k += pair >> 8 & 0xFF;
        block[offset + ZigZag.natural(k)] = (short) (pair >> 16);
        last = k++;
        continue;
      }
      in.buffer = buffer;
      in.count = count;
      int symbol = in.decodeLoaded(table);
      int size = symbol & 15;
      if (size != 0) {
        plain &= in.count > FEW_BITS || in.fillSix();
        in.count -= size;
        int value = (int) (in.buffer >>> in.count) & ((1 << size) - 1);
        k += symbol >> 4;
        block[offset + ZigZag.natural(k)] = (short) BitReader.extend(value, size);
        last = k++;
      } else if (symbol == 0xF0) {
        k += 16;
      } else {
        k = Mcu.BLOCK; // the end of the block
      }
      buffer = in.buffer;
      count = in.count;
    }
    in.buffer = buffer;
    in.count = count;
    extents[b] = Math.max(extents[b], last);
    return plain;
  }
}
