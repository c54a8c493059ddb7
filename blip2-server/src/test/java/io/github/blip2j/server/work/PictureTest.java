package io.github.blip2j.server.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.vision.image.UnresizableImageException;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

final class PictureTest {
  private static final long MOST_PIXELS = 1000;

  private static Picture picture(String name, int width, int height) throws IOException {
    var png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(width, height, BufferedImage.TYPE_BYTE_BINARY), "png", png);
    return Picture.of(name, png.toByteArray());
  }

  @Test
  void resize_thatFails_namesTheLongestPicture() throws IOException {
    List<Picture> pictures =
        List.of(picture("input[0]", 30, 30), picture("input[1]", 3, 90), picture("input[2]", 8, 8));
    for (Picture picture : new ArrayList<>(pictures)) {
      picture.decode(MOST_PIXELS);
    }

    PictureException e =
        assertThrows(
            PictureException.class,
            () ->
                Picture.resized(
                    pictures,
                    () -> {
                      throw new UnresizableImageException("resize: side of 90 pixels");
                    }));

    assertEquals("input[1]", e.picture());
    assertEquals("resize: side of 90 pixels; send a picture of other proportions", e.getMessage());
  }

  @Test
  void otherMistakes_stayWhatTheyAre() {
    var mistake = new IllegalArgumentException("resize: sides expected");
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                Picture.resized(
                    List.of(),
                    () -> {
                      throw mistake;
                    }));
    assertSame(mistake, e);
  }

  @Test
  void picture_withTooManyPixels_isNamed() throws IOException {
    Picture large = picture("documents[3].image", 100, 100);
    PictureException e = assertThrows(PictureException.class, () -> large.decode(MOST_PIXELS));
    assertEquals("documents[3].image", e.picture());
  }
}
