package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.vision.image.codec.Exif;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ExifOrientationTest {
  // Stored as rows "abc" and "def"; what Pillow's exif_transpose makes of it, row by row.
  @ParameterizedTest
  @CsvSource({
    "1, abc/def", "2, cba/fed", "3, fed/cba", "4, def/abc",
    "5, ad/be/cf", "6, da/eb/fc", "7, fc/eb/da", "8, cf/be/ad"
  })
  void apply_eachOrientation_setsUpright(int orientation, String expected) {
    byte[] samples = new byte[18];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = (byte) ("abcdef".charAt(i / 3) + i % 3);
    }

    Image turned = ExifOrientation.apply(orientation, Image.of(3, 2, samples));

    assertEquals(expected, letters(turned));
  }

  private static String letters(Image image) {
    return IntStream.range(0, image.height())
        .mapToObj(
            y ->
                IntStream.range(0, image.width())
                    .mapToObj(x -> String.valueOf((char) (image.rgb(x, y) >> 16)))
                    .collect(Collectors.joining()))
        .collect(Collectors.joining("/"));
  }

  @Test
  void decode_rotatedPhotograph_isTurnedOnlyWhenAsked() throws IOException {
    byte[] file = Files.readAllBytes(Fixtures.own("images").resolve("exif6.jpg"));

    Image stored = new ImageDecoder().decode(file, "exif6.jpg");
    Image upright = new ImageDecoder().withExifRotation(true).decode(file, "exif6.jpg");

    assertEquals("101x67 RGB", stored.toString());
    assertArrayEquals(ExifOrientation.apply(6, stored).toByteArray(), upright.toByteArray());
  }

  @ParameterizedTest
  @CsvSource({"exif, 29x37 RGB", "exif_of_jpeg, 29x37 RGB", "exif_without_flag, 37x29 RGB"})
  void decode_webpWithExifChunk_isTurnedIfItsHeaderNamesIt(String name, String expected)
      throws IOException {
    var decoder = new ImageDecoder().withExifRotation(true);

    Image upright = decoder.decode(Fixtures.own("webp").resolve(name + ".webp"));

    assertEquals(expected, upright.toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void decode_pngWithExifChunk_isTurned(int orientation) throws IOException {
    byte[] file = Files.readAllBytes(Fixtures.own("images").resolve("tall.png"));
    byte[] marked = PngBytes.withChunk(file, "eXIf", tiff(ByteOrder.BIG_ENDIAN, orientation));
    var decoder = new ImageDecoder();

    Image upright = decoder.withExifRotation(true).decode(marked, "tall.png");

    assertArrayEquals(
        ExifOrientation.apply(orientation, decoder.decode(file, "tall.png")).toByteArray(),
        upright.toByteArray());
  }

  @Test
  void find_bothByteOrders_readsTheTag() {
    byte[] little = tiff(ByteOrder.LITTLE_ENDIAN, 7);
    byte[] big = tiff(ByteOrder.BIG_ENDIAN, 8);

    assertEquals(7, Exif.orientation(little, 0, little.length));
    assertEquals(8, Exif.orientation(big, 0, big.length));
  }

  @Test
  void find_nonsense_isUpright() {
    byte[] outOfRange = tiff(ByteOrder.LITTLE_ENDIAN, 9);
    byte[] endsEarly = tiff(ByteOrder.LITTLE_ENDIAN, 6);

    assertEquals(1, Exif.orientation(outOfRange, 0, outOfRange.length));
    for (int end = 0; end < endsEarly.length - 4; end++) {
      assertEquals(1, Exif.orientation(endsEarly, 0, end));
    }
  }

  /** A TIFF block of two tags, the second of which is the orientation. */
  private static byte[] tiff(ByteOrder order, int orientation) {
    char mark = order == ByteOrder.LITTLE_ENDIAN ? 'I' : 'M';
    ByteBuffer tiff = ByteBuffer.allocate(38).order(order);
    tiff.put((byte) mark).put((byte) mark).putShort((short) 42).putInt(8).putShort((short) 2);
    tiff.putShort((short) 0x0100).putShort((short) 3).putInt(1).putInt(5);
    tiff.putShort((short) 0x0112).putShort((short) 3).putInt(1);
    tiff.putShort((short) orientation).putShort((short) 0).putInt(0);
    return tiff.array();
  }
}
