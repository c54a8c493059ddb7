package io.github.blip2j.bench.serving;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Random;
import javax.imageio.ImageIO;

/** Drawn pictures, another for each number. */
final class Pictures {
  private static final int SIDE = 224;
  private static final int SHAPES = 3;

  private Pictures() {}

  /** The picture of a number, as a PNG file. */
  static byte[] png(long number) {
    var random = new Random(number);
    var image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = image.createGraphics();
    for (int i = 0; i < SHAPES; i++) {
      pen.setColor(new Color(random.nextInt(0x1000000)));
      int size = 40 + random.nextInt(100);
      int x = random.nextInt(SIDE - size / 2);
      int y = random.nextInt(SIDE - size / 2);
      if (random.nextBoolean()) {
        pen.fillOval(x, y, size, size);
      } else {
        pen.fillRect(x, y, size, size);
      }
    }
    pen.dispose();
    var png = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return png.toByteArray();
  }
}
