package io.github.blip2j.vision.image.webp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What libwebp 1.6.0, in Pillow 12.3.0, says of each of these files. */
final class WebpFileTest {
  private static byte[] decode(byte[]... chunks) throws IOException {
    return WebpFile.parse(WebpBytes.file(chunks)).decode();
  }

  private static String refusal(byte[]... chunks) {
    return String.valueOf(assertThrows(IOException.class, () -> decode(chunks)).getMessage());
  }

  /** The one chunk of a simple file. */
  private static byte[] picture(String fixture) throws IOException {
    return WebpBytes.chunks(WebpBytes.fixture(fixture)).get(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"lossy_q0", "lossless_m3", "alpha_levels", "animated"})
  void parse_shorterThanItSays_isTruncated(String name) throws IOException {
    byte[] file = WebpBytes.fixture(name);

    for (int length = 12; length < file.length; length++) {
      byte[] part = Arrays.copyOf(file, length);

      assertThrows(EOFException.class, () -> WebpFile.parse(part), name + " of " + length);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "lossy_16x16, VP8, 16",
    "lossy_q100, VP8, 100",
    "lossless_m3, VP8L, 30",
    "lossless_cache, VP8L, 9"
  })
  void decode_pictureCutWithinItsChunk_isTruncated(String name, String kind, int cut)
      throws IOException {
    byte[] whole = picture(name);
    byte[] part =
        WebpBytes.stating(whole.length - 8 - cut, Arrays.copyOf(whole, whole.length - cut));
    int padding = part.length % 2;

    assertEquals(kind, new String(whole, 0, 4, StandardCharsets.US_ASCII).strip());
    assertThrows(EOFException.class, () -> decode(Arrays.copyOf(part, part.length + padding)));
  }

  @Test
  void header_isKnownBeforeAnyPixel() throws IOException {
    byte[] huge = picture("lossy_1x1");
    huge[14] = (byte) 0xFF;
    huge[15] = 0x3F;
    huge[16] = (byte) 0xFF;
    huge[17] = 0x3F;

    ImageHeader header = WebpFile.parse(WebpBytes.file(huge)).header();

    assertEquals(ImageHeader.upright(16383, 16383), header);
  }

  @Test
  void parse_wrongExtendedHeader_isRefused() throws IOException {
    byte[] picture = picture("lossy_3x3");
    byte[] header = WebpBytes.extended(0, 3, 3);

    assertEquals(27, decode(header, picture).length);
    assertEquals(
        "an image of 3x3 on a canvas of 4x3", refusal(WebpBytes.extended(0, 4, 3), picture));
    assertEquals("unknown flags in chunk VP8X", refusal(WebpBytes.extended(1, 3, 3), picture));
    assertEquals("two VP8X chunks", refusal(header, header, picture));
    assertEquals("two images without an animation", refusal(header, picture, picture));
    assertEquals("no frame", refusal(header));
    assertEquals(
        "a VP8X chunk of 12 bytes",
        refusal(WebpBytes.chunk("VP8X", 0, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0, 0), picture));
  }

  @Test
  void parse_animationFlagWithoutAnimation_isRefused() throws IOException {
    byte[] header = WebpBytes.extended(2, 3, 3);
    byte[] picture = picture("lossy_3x3");

    assertEquals("an image outside the frames of an animation", refusal(header, picture));
    assertEquals(
        "a frame before chunk ANIM",
        refusal(header, WebpBytes.chunk("ANMF", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)));
    assertEquals("a short ANIM chunk", refusal(header, WebpBytes.chunk("ANIM", 0, 0, 0, 0)));
  }

  @Test
  void parse_brokenSecondFrame_refusesTheFirst() throws IOException {
    List<byte[]> chunks = WebpBytes.chunks(WebpBytes.fixture("animated"));
    byte[] second = chunks.get(3).clone();
    second[8] = 30; // its left edge: 60 of 37 pixels

    assertEquals(
        "a frame beyond the canvas", refusal(chunks.get(0), chunks.get(1), chunks.get(2), second));
    assertEquals(
        "no VP8L signature",
        refusal(chunks.get(0), chunks.get(1), chunks.get(2), withByte(chunks.get(3), 32, 0)));
  }

  @Test
  void parse_sizesThatLie_areRefused() throws IOException {
    byte[] picture = picture("lossy_3x3");
    byte[] unknown = WebpBytes.chunk("what", 1, 2);

    assertEquals(27, decode(picture, unknown).length);
    assertEquals("a chunk larger than the file", refusal(picture, WebpBytes.stating(4, unknown)));
    assertEquals("a chunk larger than the file", refusal(WebpBytes.stating(-1, picture)));
    assertEquals("bytes that are no chunk", refusal(picture, new byte[] {1, 2, 3}));
    assertEquals("no VP8, VP8L or VP8X chunk", refusal(unknown, picture));
  }

  @ParameterizedTest
  @CsvSource({
    "8, 1, no key frame",
    "8, 0x18, unknown VP8 version",
    "8, 0, a hidden frame",
    "9, 0x7f, a partition larger than its chunk",
    "11, 0, no VP8 start code",
    "14, 0, no size"
  })
  void parse_brokenLossyHeader_isRefused(int at, String value, String reason) throws IOException {
    byte[] picture = picture("lossy_1x1");
    byte kept = at == 8 ? (byte) (picture[8] & 0xE0) : 0;

    assertEquals(reason, refusal(withByte(picture, at, kept | Integer.decode(value))));
  }

  @Test
  void decode_brokenAlpha_refusesThePicture() throws IOException {
    byte[] header = WebpBytes.extended(0x10, 37, 29);
    List<byte[]> chunks = WebpBytes.chunks(WebpBytes.fixture("alpha_uncompressed"));
    byte[] alpha = chunks.get(1);
    byte[] picture = chunks.get(2);

    assertEquals(37 * 29 * 3, decode(header, alpha, picture).length);
    assertEquals("unknown alpha compression", refusal(header, withByte(alpha, 8, 2), picture));
    assertEquals("unknown alpha compression", refusal(header, withByte(alpha, 8, 0x40), picture));
    assertEquals("too little alpha", refusal(header, WebpBytes.chunk("ALPH", 0, 1), picture));
    assertEquals("a short ALPH chunk", refusal(header, WebpBytes.chunk("ALPH", 0), picture));
    assertEquals("an ALPH chunk after its image", refusal(header, picture, alpha));
    assertEquals("an ALPH chunk for a VP8L image", refusal(header, alpha, picture("lossless_m0")));
    assertThrows(
        IOException.class, () -> decode(header, WebpBytes.chunk("ALPH", 1, 0, 0), picture));
  }

  @Test
  void decode_alphaThatTheHeaderDenies_isNotLookedAt() throws IOException {
    List<byte[]> chunks = WebpBytes.chunks(WebpBytes.fixture("alpha_uncompressed"));
    byte[] picture = chunks.get(2);
    byte[] broken = WebpBytes.chunk("ALPH", 2, 1);

    byte[] samples = decode(WebpBytes.extended(0, 37, 29), broken, picture);

    assertArrayEquals(decode(picture), samples);
  }

  @Test
  void decode_secondTransformOfAKind_isRefused() {
    // Signature, 1x1; then twice the transform "subtract green": bits 1 and 2 of two.
    byte[] picture = WebpBytes.chunk("VP8L", 0x2F, 0, 0, 0, 0, 0b101_101, 0, 0);

    assertEquals("two transforms of a kind", refusal(picture));
  }

  private static byte[] withByte(byte[] chunk, int at, int value) {
    byte[] changed = chunk.clone();
    changed[at] = (byte) value;
    return changed;
  }
}
