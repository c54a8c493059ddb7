package io.github.blip2j.vision.image.tiff;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each compression by itself, on codes written out by hand. */
final class DecompressorTest {

  private static CodedBytes coded(byte[] bytes) {
    return new CodedBytes(bytes, 0, bytes.length);
  }

  private static CodedBytes coded(String hex) {
    return coded(HexFormat.of().parseHex(hex));
  }

  private static String decode(Decompressor decompressor, CodedBytes source, int size)
      throws IOException {
    byte[] target = new byte[size];
    assertTrue(decompressor.decode(source, target, size));
    return HexFormat.of().formatHex(target);
  }

  /** The example of Apple's technical note 1023. */
  @Test
  void packBits_runsAndLiterals() throws IOException {
    CodedBytes source = coded("feaa0280002afdaa0380002a22f7aa");

    assertEquals(
        "aaaaaa80002aaaaaaaaa80002a22aaaaaaaaaaaaaaaaaaaa", decode(new PackBits(), source, 24));
  }

  @Test
  void packBits_nothingAndSurplus_areLeftOut() throws IOException {
    assertEquals("0505", decode(new PackBits(), coded("80fb05"), 2));
    assertEquals("0102", decode(new PackBits(), coded("03010203"), 2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "fe", "0501", "0001"})
  void packBits_endingEarly_isRefused(String hex) {
    assertThrows(EOFException.class, () -> decode(new PackBits(), coded(hex), 2));
  }

  /**
   * Codes of literals, each of which adds an entry, with lengths that grow by the rule of a kind.
   */
  private static byte[] lzw(byte[] data, boolean old) {
    var out = new ByteArrayOutputStream();
    long buffer = 0;
    int buffered = 0;
    int bits = 9;
    int free = 258;
    for (int i = -1; i <= data.length; i++) {
      int code = i < 0 ? 256 : i == data.length ? 257 : data[i] & 0xFF;
      buffer = old ? buffer | ((long) code << buffered) : (buffer << bits) | code;
      buffered += bits;
      while (buffered >= 8) {
        out.write((int) (old ? buffer : buffer >> (buffered - 8)));
        buffered -= 8;
        buffer = old ? buffer >> 8 : buffer & ((1L << buffered) - 1);
      }
      free += i > 0 ? 1 : 0;
      bits += free > (1 << bits) - (old ? 1 : 2) ? 1 : 0;
    }
    out.write((int) (old ? buffer : buffer << (8 - buffered)));
    return out.toByteArray();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void lzw_codesOfEveryLength_bothKinds(boolean old) throws IOException {
    byte[] data = new byte[2500];
    new Random(1).nextBytes(data);
    byte[] target = new byte[data.length];

    new Lzw().decode(coded(lzw(data, old)), target, target.length);

    assertArrayEquals(data, target);
  }

  /** CLEAR, A, then 258, which stands for AA before it is known. */
  @Test
  void lzw_codeThatDescribesItself() throws IOException {
    assertEquals("414141", decode(new Lzw(), coded("8010604040"), 3));
  }

  @Test
  void lzw_unknownCode_isRefused() {
    // CLEAR, A, 300
    var e = assertThrows(IOException.class, () -> decode(new Lzw(), coded("801065800000"), 4));

    assertEquals("an LZW code that stands for nothing", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "80", "8010", "80106020"})
  void lzw_endingEarly_isRefused(String hex) {
    assertThrows(EOFException.class, () -> decode(new Lzw(), coded(hex), 4));
  }

  @Test
  void lzw_withoutClearFirst_isRefused() {
    assertThrows(IOException.class, () -> decode(new Lzw(), coded("20904824"), 2));
  }

  @Test
  void deflate_damaged_isRefused() {
    assertThrows(IOException.class, () -> decode(new Deflate(), coded("789cffffffff"), 4));
    assertThrows(EOFException.class, () -> decode(new Deflate(), coded("789c"), 4));
  }

  private static Fax group4(int width) {
    return new Fax(Compression.CCITT_GROUP4, false, false, width);
  }

  /** A row of 3 white, 2 black and 3 white, then the same row again: three times V0. */
  @Test
  void group4_horizontalThenVertical() throws IOException {
    // horizontal, white 3, black 2, V0 at the end; V0 V0 V0
    CodedBytes source = coded(bits("001 1000 11 1 111 000000000001000000000001"));

    assertEquals("1818", decode(group4(8), source, 2));
  }

  @Test
  void group4_endOfPicture_leavesTheRest() throws IOException {
    CodedBytes source = coded(bits("001 1000 11 1 000000000001000000000001"));

    assertEquals("180000", decode(group4(8), source, 3));
  }

  @Test
  void group4_withoutAnyRow_endsEarly() throws IOException {
    assertFalse(group4(8).decode(coded(new byte[0]), new byte[1], 1));
  }

  @Test
  void rle_rowsBeginAtBytes() throws IOException {
    var fax = new Fax(Compression.CCITT_RLE, false, false, 8);
    // white 3, black 5; white 8
    CodedBytes source = coded(bits("1000 0011 10011"));

    assertEquals("1f00", decode(fax, source, 2));
  }

  @Test
  void rle_rowTooLong_losesItsLastRun() throws IOException {
    var fax = new Fax(Compression.CCITT_RLE, false, false, 8);
    // white 3, black 63
    CodedBytes source = coded(bits("1000 000001100111"));

    assertEquals("00", decode(fax, source, 1));
  }

  @Test
  void group3_withoutEndOfLine_endsEarly() throws IOException {
    var fax = new Fax(Compression.CCITT_GROUP3, false, false, 8);

    assertFalse(fax.decode(coded("ffff"), new byte[1], 1));
  }

  @Test
  void fax_bitsBackwards() throws IOException {
    var fax = new Fax(Compression.CCITT_RLE, false, true, 8);
    byte[] source = BitOrder.reversed(bits("1000 0011"), 0, 1);

    assertEquals("1f", decode(fax, coded(source), 1));
  }

  /** Rubbish of any kind ends, and never beyond its row. */
  @Test
  void fax_rubbish_isReadOrEndsEarly() throws IOException {
    var random = new Random(3);
    List<Compression> faxes =
        List.of(Compression.CCITT_RLE, Compression.CCITT_GROUP3, Compression.CCITT_GROUP4);
    for (int round = 0; round < 3000; round++) {
      Compression compression = faxes.get(random.nextInt(faxes.size()));
      var fax = new Fax(compression, random.nextBoolean(), random.nextBoolean(), 1 + round % 70);
      byte[] source = new byte[random.nextInt(40)];
      random.nextBytes(source);
      byte[] target = new byte[(1 + round % 70 + 7) / 8 * 20 + 1];

      fax.decode(coded(source), target, target.length - 1);

      assertEquals(0, target[target.length - 1]);
    }
  }

  private static byte[] bits(String digits) {
    String joined = digits.replace(" ", "");
    byte[] bytes = new byte[(joined.length() + 7) / 8];
    for (int i = 0; i < joined.length(); i++) {
      bytes[i / 8] |= (byte) ((joined.charAt(i) - '0') << (7 - i % 8));
    }
    return bytes;
  }
}
