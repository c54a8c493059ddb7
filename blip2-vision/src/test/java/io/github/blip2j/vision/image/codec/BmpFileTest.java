package io.github.blip2j.vision.image.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BmpFileTest {
  private static final HexFormat HEX = HexFormat.of();

  /** A file with a header of 56 bytes; the masks are red, green, blue and alpha. */
  private static byte[] file(
      int width, int height, int bits, int compression, int[] masks, String palette, String data) {
    byte[] colors = HEX.parseHex(palette);
    byte[] pixels = HEX.parseHex(data);
    ByteBuffer head = ByteBuffer.allocate(14 + 56).order(ByteOrder.LITTLE_ENDIAN);
    head.putShort((short) 0x4D42).putInt(0).putInt(0).putInt(70 + colors.length);
    head.putInt(56).putInt(width).putInt(height).putShort((short) 1).putShort((short) bits);
    head.putInt(compression).position(14 + 32);
    head.putInt(colors.length / 4).putInt(0);
    for (int mask : masks) {
      head.putInt(mask);
    }
    var file = new ByteArrayOutputStream();
    file.writeBytes(head.array());
    file.writeBytes(colors);
    file.writeBytes(pixels);
    return file.toByteArray();
  }

  private static String rgb(byte[] file) throws IOException {
    return HEX.formatHex(BmpFile.parse(file).decode());
  }

  @ParameterizedTest
  @CsvSource({
    "ff0000, ff00, ff, 0, 332211",
    "ff000000, ff0000, ff00, 0, 443322",
    "ff000000, ff00, ff, 0, 442211",
    "ff000000, ff0000, ff00, ff, 443322",
    "ff, ff00, ff0000, ff000000, 112233",
    "ff0000, ff00, ff, ff000000, 332211",
    "ff000000, ff00, ff, ff0000, 442211",
    "0, 0, 0, 0, 332211"
  })
  void decode_masksOf32Bits_sayWhichByteIsWhich(
      String red, String green, String blue, String alpha, String expected) throws IOException {
    int[] masks = {
      HexFormat.fromHexDigits(red),
      HexFormat.fromHexDigits(green),
      HexFormat.fromHexDigits(blue),
      HexFormat.fromHexDigits(alpha)
    };

    assertEquals(expected, rgb(file(1, 1, 32, 3, masks, "", "11223344")));
  }

  @Test
  void decode_oddRunsOfFourBits_areReadWholeUnlikeInPillow() throws IOException {
    String palette = "00000000ff0000000ff00000000ff000";
    // Three single pixels in two bytes, two of a run, and the end of the line.
    byte[] file = file(5, 1, 4, 2, new int[0], palette, "0003123002330000");

    assertEquals("0000ff00f00ff00f00f00f00f00f00", rgb(file));
  }

  @Test
  void parse_compressedOtherwise_saysHow() {
    byte[] file = file(1, 1, 24, 4, new int[0], "", "00000000");

    var e = assertThrows(IOException.class, () -> BmpFile.parse(file));

    assertEquals("compression 4 of 24-bit pixels", e.getMessage());
  }

  @Test
  void parse_otherMasks_saysWhich() {
    byte[] file = file(1, 1, 16, 3, new int[] {0x3FFFFFFF, 0, 1, 2}, "", "00000000");

    var e = assertThrows(IOException.class, () -> BmpFile.parse(file));

    assertEquals("masks 3fffffff, 00000000, 00000001 and 00000002 of 16 bits", e.getMessage());
  }

  @Test
  void parse_unknownHeader_saysItsLength() {
    byte[] file = file(1, 1, 24, 0, new int[0], "", "00000000");
    file[14] = 16;

    var e = assertThrows(IOException.class, () -> BmpFile.parse(file));

    assertEquals("a header of 16 bytes", e.getMessage());
  }
}
