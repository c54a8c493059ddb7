package io.github.blip2j.vision.image.jpeg.entropy;

import java.util.HexFormat;

/**
 * The typical Huffman tables of ITU-T T.81, annex K.3: 0 for luminance, 1 for chrominance.
 * Motion-JPEG frames leave them out, so libjpeg-turbo uses them for sequential files without
 * tables.
 */
public final class StandardHuffmanTables {
  private static final String SIZES = "000102030405060708090a0b";

  private StandardHuffmanTables() {}

  public static HuffmanTable dc(int index) {
    return index == 0
        ? table("00010501010101010100000000000000", SIZES)
        : table("00030101010101010101010000000000", SIZES);
  }

  public static HuffmanTable ac(int index) {
    return index == 0
        ? table(
            "0002010303020403050504040000017d",
            "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282"
                + "090a161718191a25262728292a3435363738393a434445464748494a535455565758595a"
                + "636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4"
                + "a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3"
                + "e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa")
        : table(
            "00020102040403040705040400010277",
            "000102031104052131061241510761711322328108144291a1b1c109233352f0156272d10a"
                + "162434e125f11718191a262728292a35363738393a434445464748494a53545556575859"
                + "5a636465666768696a737475767778797a82838485868788898a92939495969798999aa2"
                + "a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae2"
                + "e3e4e5e6e7e8e9eaf2f3f4f5f6f7f8f9fa");
  }

  private static HuffmanTable table(String counts, String symbols) {
    byte[] perLength = HexFormat.of().parseHex(counts);
    int[] shifted = new int[perLength.length + 1];
    for (int i = 0; i < perLength.length; i++) {
      shifted[i + 1] = perLength[i] & 0xFF;
    }
    return new HuffmanTable(shifted, HexFormat.of().parseHex(symbols));
  }
}
