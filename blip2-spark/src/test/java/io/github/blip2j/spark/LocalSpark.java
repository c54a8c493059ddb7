package io.github.blip2j.spark;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import javax.imageio.ImageIO;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/** A session in this process, and small pictures. */
final class LocalSpark {
  private LocalSpark() {}

  /** The session of all tests. */
  static SparkSession session() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("blip2-spark tests")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.warehouse.dir", "target/warehouse")
        .getOrCreate();
  }

  /** The message of a failure. */
  static String message(@Nullable Throwable why) {
    return why == null ? "" : String.valueOf(why.getMessage());
  }

  /** Picture {@code seed}: blocks of colour, as a PNG file. */
  static byte[] png(int seed, int width, int height) {
    var image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int block = (x * 3 / width) * 31 + (y * 3 / height) * 17 + seed * 7;
        image.setRGB(x, y, Color.HSBtoRGB(block % 23 / 23f, 0.7f, 0.4f + block % 5 / 9f));
      }
    }
    var file = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, "png", file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file.toByteArray();
  }

  /**
   * Writes {@code count} pictures, of which each 100th from the 50th on is broken: by turns text, a
   * file cut off, and a single byte.
   *
   * @return the number of broken ones
   */
  static int write(Path folder, int count, int width, int height) throws IOException {
    Files.createDirectories(folder);
    int broken = 0;
    for (int i = 0; i < count; i++) {
      byte[] file = png(i, width, height);
      if (i % 100 == 50) {
        file =
            switch (broken++ % 3) {
              case 0 -> "no picture".getBytes(StandardCharsets.UTF_8);
              case 1 -> Arrays.copyOf(file, file.length / 2);
              default -> new byte[1];
            };
      }
      Files.write(folder.resolve(String.format(Locale.ROOT, "%06d.png", i)), file);
    }
    return broken;
  }
}
