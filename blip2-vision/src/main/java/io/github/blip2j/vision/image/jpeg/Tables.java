package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.jpeg.entropy.HuffmanTable;
import io.github.blip2j.vision.image.jpeg.entropy.JpegInput;
import io.github.blip2j.vision.image.jpeg.entropy.StandardHuffmanTables;
import io.github.blip2j.vision.image.jpeg.entropy.ZigZag;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The current quantisation and Huffman tables (ITU-T T.81, sections B.2.4.1 and B.2.4.2). */
final class Tables {
  private static final int TABLES = 4; // of each kind
  private static final int LENGTHS = 16; // of Huffman codes
  private static final int SYMBOLS = 256;

  private final short[] @Nullable [] steps = new short[TABLES][];
  private final @Nullable HuffmanTable[] dc = new HuffmanTable[TABLES];
  private final @Nullable HuffmanTable[] ac = new HuffmanTable[TABLES];

  /** Quantisation steps in natural order. */
  short[] steps(int index) throws IOException {
    short[] found = index < TABLES ? steps[index] : null;
    if (found == null) {
      throw new IOException("no quantization table " + index);
    }
    return found;
  }

  /** A table for differences of DC coefficients. */
  HuffmanTable dc(int index) throws IOException {
    return huffman(dc, index).forDc();
  }

  /** A table for runs and sizes of AC coefficients. */
  HuffmanTable ac(int index) throws IOException {
    return huffman(ac, index).forAc();
  }

  /** A table for differences of lossless samples. */
  HuffmanTable differences(int index) throws IOException {
    return huffman(dc, index).forDifferences();
  }

  private static HuffmanTable huffman(@Nullable HuffmanTable[] tables, int index)
      throws IOException {
    HuffmanTable table = index < TABLES ? tables[index] : null;
    if (table == null) {
      throw new IOException("no Huffman table " + index);
    }
    return table;
  }

  /** Adds the standard tables where the file has defined none. */
  void addStandard() {
    for (int i = 0; i < 2; i++) {
      dc[i] = dc[i] == null ? StandardHuffmanTables.dc(i) : dc[i];
      ac[i] = ac[i] == null ? StandardHuffmanTables.ac(i) : ac[i];
    }
  }

  /** Reads a segment of Huffman tables. */
  void readHuffman(JpegInput input) throws IOException {
    int left = input.u16() - 2;
    while (left > LENGTHS) {
      int index = input.u8();
      int[] counts = new int[LENGTHS + 1];
      int symbols = 0;
      for (int i = 1; i <= LENGTHS; i++) {
        counts[i] = input.u8();
        symbols += counts[i];
      }
      left -= 1 + LENGTHS + symbols;
      if (symbols > SYMBOLS || left < 0) {
        throw new IOException("a Huffman table of " + symbols + " symbols");
      }
      byte[] values = new byte[symbols];
      for (int i = 0; i < symbols; i++) {
        values[i] = (byte) input.u8();
      }
      boolean isAc = (index & 0x10) != 0;
      int slot = isAc ? index - 0x10 : index;
      if (slot >= TABLES) {
        throw new IOException("Huffman table " + slot);
      }
      (isAc ? ac : dc)[slot] = new HuffmanTable(counts, values);
    }
    if (left != 0) {
      throw new IOException("a Huffman table of wrong length");
    }
  }

  /** Reads a segment of quantisation tables. */
  void readQuantization(JpegInput input) throws IOException {
    int left = input.u16() - 2;
    while (left > 0) {
      int kind = input.u8();
      boolean wide = kind >> 4 != 0;
      int index = kind & 15;
      if (index >= TABLES) {
        throw new IOException("quantization table " + index);
      }
      short[] table = new short[Mcu.BLOCK];
      for (int i = 0; i < Mcu.BLOCK; i++) {
        table[ZigZag.natural(i)] = (short) (wide ? input.u16() : input.u8());
      }
      steps[index] = table;
      left -= 1 + (wide ? 2 * Mcu.BLOCK : Mcu.BLOCK);
    }
    if (left != 0) {
      throw new IOException("a quantization table of wrong length");
    }
  }
}
