package io.github.blip2j.vision.image.tiff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the golden files don't show: rules for rare and damaged files, and refusals. */
final class TiffFileTest {

  private static String decode(TiffBytes file) throws IOException {
    return HexFormat.of().formatHex(TiffFile.parse(file.build()).decode());
  }

  private static String refusal(TiffBytes file) {
    return String.valueOf(assertThrows(IOException.class, () -> decode(file)).getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"II*\0", "MM\0*", "MM*\0", "II\0*", "II+\0", "MM\0+"})
  void begins_everyHeader(String start) {
    assertTrue(TiffFile.begins(start.getBytes(StandardCharsets.ISO_8859_1)));
    assertFalse(TiffFile.begins(start.substring(1).getBytes(StandardCharsets.ISO_8859_1)));
  }

  @Test
  void decode_gray16_keepsUpperByte() throws IOException {
    byte[] samples = {0x12, 0x34, (byte) 0xAB, (byte) 0xCD};

    assertEquals("343434cdcdcd", decode(gray(TiffBytes.little(2, 1, samples), 16)));
    assertEquals("121212ababab", decode(gray(TiffBytes.big(2, 1, samples), 16)));
  }

  @Test
  void decode_gray12_keepsUpperEightBits() throws IOException {
    byte[] samples = {0x12, 0x34, 0x56, 0x78, (byte) 0x9A};

    assertEquals("121212454545787878", decode(gray(TiffBytes.little(3, 1, samples), 12)));
  }

  private static TiffBytes gray(TiffBytes file, int bits) {
    return file.shorts(Tags.BITS_PER_SAMPLE, bits);
  }

  @Test
  void decode_signed8_isReadAsUnsigned() throws IOException {
    var file = TiffBytes.little(2, 1, (byte) 5, (byte) -1).shorts(Tags.SAMPLE_FORMAT, 2);

    assertEquals("050505ffffff", decode(file));
  }

  @Test
  void decode_paletteTooShort_isBlackBeyond() throws IOException {
    var file =
        TiffBytes.little(2, 1, (byte) 1, (byte) 2)
            .shorts(Tags.PHOTOMETRIC, 3)
            .shorts(Tags.COLOR_MAP, 0, 0x1234, 0, 0x5678, 0, 0x9ABC);

    assertEquals("12569a000000", decode(file));
  }

  /** Pillow reads what is not compressed as if it were not subsampled either. */
  @Test
  void decode_yccWithoutCompression_usesPillowsConversion() throws IOException {
    var file =
        TiffBytes.little(1, 1, (byte) 100, (byte) 90, (byte) 200)
            .shorts(Tags.PHOTOMETRIC, 6)
            .shorts(Tags.SAMPLES_PER_PIXEL, 3)
            .shorts(Tags.BITS_PER_SAMPLE, 8, 8, 8);

    // 100 + 1.402 * 72, 100 - 0.34414 * -38 - 0.71414 * 72, 100 + 1.772 * -38, rounded down
    assertEquals("c83d20", decode(file));
  }

  @ParameterizedTest
  @CsvSource({"1, 010101020202", "2, 020202010101", "6, 010101020202", "8, 020202010101"})
  void decode_orientation_comesOutUpright(int orientation, String rgb) throws IOException {
    var file = TiffBytes.little(2, 1, (byte) 1, (byte) 2).shorts(Tags.ORIENTATION, orientation);

    ImageHeader header = TiffFile.parse(file.build()).header();

    boolean onItsSide = orientation > 4;
    assertEquals(ImageHeader.upright(onItsSide ? 1 : 2, onItsSide ? 2 : 1), header);
    assertEquals(rgb, decode(file));
  }

  @Test
  void decode_orientationInXmp_countsWhereThereIsNoEntry() throws IOException {
    String xmp = "<x tiff:Orientation=\"3\"/>";
    var file = TiffBytes.little(2, 1, (byte) 1, (byte) 2).text(Tags.XMP, xmp);

    assertEquals("020202010101", decode(file));
    assertEquals("010101020202", decode(file.shorts(Tags.ORIENTATION, 1)));
  }

  @Test
  void decode_lengthsLeftOut_areGuessed() throws IOException {
    byte[] packed = {-1, 7};
    var file = TiffBytes.little(2, 1, packed).shorts(Tags.COMPRESSION, 32773);

    assertEquals("070707070707", decode(file.without(Tags.STRIP_BYTE_COUNTS)));
    assertEquals("070707070707", decode(file.longs(Tags.STRIP_BYTE_COUNTS, 0)));
  }

  @Test
  void decode_fewerStripsThanRows_isBlackThere() throws IOException {
    var rgb =
        TiffBytes.little(1, 2, (byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5, (byte) 6)
            .shorts(Tags.PHOTOMETRIC, 2)
            .shorts(Tags.SAMPLES_PER_PIXEL, 3)
            .shorts(Tags.BITS_PER_SAMPLE, 8, 8, 8)
            .shorts(Tags.ROWS_PER_STRIP, 1);

    assertEquals("010203000000", decode(rgb));
  }

  /** Pillow maps a single strip of gray into memory, and the whole picture with it. */
  @Test
  void decode_singleGrayStripOfTooFewRows_isReadToItsEnd() throws IOException {
    var file = TiffBytes.little(1, 2, (byte) 1, (byte) 2).shorts(Tags.ROWS_PER_STRIP, 1);

    assertEquals("010101020202", decode(file));
  }

  @Test
  void decode_surplusOfStrips_beginsAtTheTopAgain() throws IOException {
    var file =
        TiffBytes.little(1, 2, (byte) 1, (byte) 2, (byte) 3)
            .shorts(Tags.ROWS_PER_STRIP, 1)
            .longs(Tags.STRIP_OFFSETS, 8, 9, 10);

    assertEquals("030303020202", decode(file));
  }

  @ParameterizedTest
  @CsvSource({
    "6, old-style JPEG compression is not supported",
    "32809, ThunderScan compression is not supported",
    "34925, LZMA compression is not supported",
    "50000, Zstandard compression is not supported",
    "50001, WebP compression is not supported",
    "34, compression 34 is not supported"
  })
  void decode_otherCompression_isNamed(int compression, String message) {
    var file = TiffBytes.little(2, 1, (byte) 1, (byte) 2).shorts(Tags.COMPRESSION, compression);
    var asJpeg = compression == 6 ? file.shorts(Tags.PHOTOMETRIC, 1) : file;

    assertEquals(message, refusal(asJpeg));
  }

  @Test
  void decode_lab_isNamed() {
    var file =
        TiffBytes.little(1, 1, (byte) 1, (byte) 2, (byte) 3)
            .shorts(Tags.PHOTOMETRIC, 8)
            .shorts(Tags.SAMPLES_PER_PIXEL, 3)
            .shorts(Tags.BITS_PER_SAMPLE, 8, 8, 8);

    assertEquals("CIE L*a*b* colours are not supported", refusal(file));
  }

  @Test
  void parse_unknownLayout_isDescribed() {
    var file = TiffBytes.little(1, 1, new byte[8]).shorts(Tags.BITS_PER_SAMPLE, 64);

    assertEquals(
        "1 samples of [64] bits with [] extra ones, format 1, of photometric interpretation 1 are"
            + " not supported",
        refusal(file));
  }

  @Test
  void parse_bigTiffOfBigEndianOrder_isRefusedAsByPillow() {
    byte[] file = new byte[64];
    System.arraycopy(new byte[] {'M', 'M', 0, 43, 0, 8}, 0, file, 0, 6);

    var e = assertThrows(IOException.class, () -> TiffFile.parse(file));

    assertEquals("BigTIFF with its most significant bytes first is not supported", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 32773})
  void decode_endingEarly_isTruncated(int compression) {
    var file = TiffBytes.little(90, 90, new byte[20]).shorts(Tags.COMPRESSION, compression);

    assertThrows(EOFException.class, () -> decode(file));
  }

  /** Room for the picture would be a gigabyte and more; the test's heap holds no such thing. */
  @ParameterizedTest
  @ValueSource(ints = {1, 5, 8, 32773})
  void decode_hugeSizeOfTinyFile_isRefusedBeforeThereIsRoom(int compression) {
    var file =
        TiffBytes.little(40_000, 17_000, new byte[50])
            .shorts(Tags.COMPRESSION, compression)
            .longs(Tags.ROWS_PER_STRIP, 17_000);

    assertThrows(EOFException.class, () -> decode(file));
  }

  @Test
  void decode_manyStripsOfTheSameBytes_ends() throws IOException {
    int[] offsets = new int[100_000];
    Arrays.fill(offsets, 8);
    var file =
        TiffBytes.little(500, 500, new byte[250_000])
            .longs(Tags.STRIP_OFFSETS, offsets)
            .shorts(Tags.ROWS_PER_STRIP, 499);

    assertEquals(6 * 250_000, decode(file).length());
  }

  @Test
  void decode_tileFarLargerThanThePicture_isRefused() {
    var file =
        TiffBytes.little(10, 10, new byte[100])
            .shorts(Tags.COMPRESSION, 4)
            .shorts(Tags.BITS_PER_SAMPLE, 1)
            .longs(Tags.TILE_WIDTH, 100_000)
            .longs(Tags.TILE_LENGTH, 100_000)
            .longs(Tags.TILE_OFFSETS, 8)
            .longs(Tags.TILE_BYTE_COUNTS, 100);

    assertEquals("tiles of 100000x100000 in an image of 10x10", refusal(file));
  }

  @Test
  void decode_entryBeyondTheEnd_hidesTheOnesAfterIt() throws IOException {
    // To Pillow the bits of 258 are gone then, and a picture of one bit is left.
    byte[] file = TiffBytes.little(2, 1, (byte) 0x80).build();
    int directory = 10;
    file[directory + 2 + 2 * 12 + 4] = 100; // 100 values of entry 258

    assertThrows(IOException.class, () -> TiffFile.parse(file).decode());
  }
}
