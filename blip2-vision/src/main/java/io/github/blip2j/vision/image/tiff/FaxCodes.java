package io.github.blip2j.vision.image.tiff;

/**
 * The code tables of ITU-T T.4 and T.6, indexed by the next bits, of which the first is the least
 * significant.
 */
final class FaxCodes {
  /** The meaning of a code; other entries of a table have no meaning. */
  static final int NOTHING = 0;

  static final int PASS = 1;
  static final int HORIZONTAL = 2;
  static final int VERTICAL = 3;
  static final int VERTICAL_LEFT = 4;
  static final int EXTENSION = 5;

  /** The last part of a run, less than 64 pixels. */
  static final int TERMINATING = 6;

  /** A part of a run that is followed by another part. */
  static final int MAKE_UP = 7;

  static final int END_OF_LINE = 8;

  /** Two-dimensional codes, seven bits of them. */
  static final FaxCodes MODES = new FaxCodes(7);

  /** Runs of white, twelve bits. */
  static final FaxCodes WHITE = new FaxCodes(12);

  /** Runs of black, thirteen bits. */
  static final FaxCodes BLACK = new FaxCodes(13);

  private static final String[] WHITE_TERMINATING = {
    "00110101",
    "000111",
    "0111",
    "1000",
    "1011",
    "1100",
    "1110",
    "1111",
    "10011",
    "10100",
    "00111",
    "01000",
    "001000",
    "000011",
    "110100",
    "110101",
    "101010",
    "101011",
    "0100111",
    "0001100",
    "0001000",
    "0010111",
    "0000011",
    "0000100",
    "0101000",
    "0101011",
    "0010011",
    "0100100",
    "0011000",
    "00000010",
    "00000011",
    "00011010",
    "00011011",
    "00010010",
    "00010011",
    "00010100",
    "00010101",
    "00010110",
    "00010111",
    "00101000",
    "00101001",
    "00101010",
    "00101011",
    "00101100",
    "00101101",
    "00000100",
    "00000101",
    "00001010",
    "00001011",
    "01010010",
    "01010011",
    "01010100",
    "01010101",
    "00100100",
    "00100101",
    "01011000",
    "01011001",
    "01011010",
    "01011011",
    "01001010",
    "01001011",
    "00110010",
    "00110011",
    "00110100"
  };

  private static final String[] BLACK_TERMINATING = {
    "0000110111",
    "010",
    "11",
    "10",
    "011",
    "0011",
    "0010",
    "00011",
    "000101",
    "000100",
    "0000100",
    "0000101",
    "0000111",
    "00000100",
    "00000111",
    "000011000",
    "0000010111",
    "0000011000",
    "0000001000",
    "00001100111",
    "00001101000",
    "00001101100",
    "00000110111",
    "00000101000",
    "00000010111",
    "00000011000",
    "000011001010",
    "000011001011",
    "000011001100",
    "000011001101",
    "000001101000",
    "000001101001",
    "000001101010",
    "000001101011",
    "000011010010",
    "000011010011",
    "000011010100",
    "000011010101",
    "000011010110",
    "000011010111",
    "000001101100",
    "000001101101",
    "000011011010",
    "000011011011",
    "000001010100",
    "000001010101",
    "000001010110",
    "000001010111",
    "000001100100",
    "000001100101",
    "000001010010",
    "000001010011",
    "000000100100",
    "000000110111",
    "000000111000",
    "000000100111",
    "000000101000",
    "000001011000",
    "000001011001",
    "000000101011",
    "000000101100",
    "000001011010",
    "000001100110",
    "000001100111"
  };

  // 64, 128 and so on.
  private static final String[] WHITE_MAKE_UP = {
    "11011",
    "10010",
    "010111",
    "0110111",
    "00110110",
    "00110111",
    "01100100",
    "01100101",
    "01101000",
    "01100111",
    "011001100",
    "011001101",
    "011010010",
    "011010011",
    "011010100",
    "011010101",
    "011010110",
    "011010111",
    "011011000",
    "011011001",
    "011011010",
    "011011011",
    "010011000",
    "010011001",
    "010011010",
    "011000",
    "010011011"
  };

  private static final String[] BLACK_MAKE_UP = {
    "0000001111",
    "000011001000",
    "000011001001",
    "000001011011",
    "000000110011",
    "000000110100",
    "000000110101",
    "0000001101100",
    "0000001101101",
    "0000001001010",
    "0000001001011",
    "0000001001100",
    "0000001001101",
    "0000001110010",
    "0000001110011",
    "0000001110100",
    "0000001110101",
    "0000001110110",
    "0000001110111",
    "0000001010010",
    "0000001010011",
    "0000001010100",
    "0000001010101",
    "0000001011010",
    "0000001011011",
    "0000001100100",
    "0000001100101"
  };

  // 1792, 1856 and so on, of both colours.
  private static final String[] LONG_MAKE_UP = {
    "00000001000", "00000001100", "00000001101", "000000010010", "000000010011", "000000010100",
    "000000010101", "000000010110", "000000010111", "000000011100", "000000011101", "000000011110",
    "000000011111"
  };

  static {
    MODES.put("0001", PASS, 0);
    MODES.put("001", HORIZONTAL, 0);
    MODES.put("1", VERTICAL, 0);
    MODES.put("011", VERTICAL, 1);
    MODES.put("000011", VERTICAL, 2);
    MODES.put("0000011", VERTICAL, 3);
    MODES.put("010", VERTICAL_LEFT, 1);
    MODES.put("000010", VERTICAL_LEFT, 2);
    MODES.put("0000010", VERTICAL_LEFT, 3);
    MODES.put("0000001", EXTENSION, 0);
    MODES.put("0000000", END_OF_LINE, 0);
    WHITE.putRuns(WHITE_TERMINATING, TERMINATING, 0, 1);
    WHITE.putRuns(WHITE_MAKE_UP, MAKE_UP, 64, 64);
    WHITE.putRuns(LONG_MAKE_UP, MAKE_UP, 1792, 64);
    WHITE.put("00000000000", END_OF_LINE, 0);
    BLACK.putRuns(BLACK_TERMINATING, TERMINATING, 0, 1);
    BLACK.putRuns(BLACK_MAKE_UP, MAKE_UP, 64, 64);
    BLACK.putRuns(LONG_MAKE_UP, MAKE_UP, 1792, 64);
    BLACK.put("00000000000", END_OF_LINE, 0);
  }

  private final int bits;
  private final byte[] meanings;
  private final byte[] widths;
  private final short[] lengths;

  private FaxCodes(int bits) {
    this.bits = bits;
    this.meanings = new byte[1 << bits];
    this.widths = new byte[1 << bits];
    this.lengths = new short[1 << bits];
  }

  private void putRuns(String[] codes, int meaning, int first, int step) {
    for (int i = 0; i < codes.length; i++) {
      put(codes[i], meaning, first + i * step);
    }
  }

  private void put(String code, int meaning, int length) {
    int reversed = Integer.parseInt(new StringBuilder(code).reverse().toString(), 2);
    for (int index = reversed; index < meanings.length; index += 1 << code.length()) {
      meanings[index] = (byte) meaning;
      widths[index] = (byte) code.length();
      lengths[index] = (short) length;
    }
  }

  /** The number of bits of an index. */
  int bits() {
    return bits;
  }

  /** The meaning of the code at the beginning of these bits. */
  int meaning(int index) {
    return meanings[index];
  }

  /** The number of bits of the code; 0 if it has no meaning. */
  int width(int index) {
    return widths[index];
  }

  /** The length of its run, or the offset of a vertical code. */
  int length(int index) {
    return lengths[index];
  }
}
