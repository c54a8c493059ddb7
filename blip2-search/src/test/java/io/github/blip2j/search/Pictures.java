package io.github.blip2j.search;

import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;

/** Made pictures. */
final class Pictures {
  private Pictures() {}

  /** A picture of four colours that depend on a number. */
  static Image of(int number) {
    var random = new Random(number * 7919L);
    int[] colours = random.ints(4, 0, 1 << 24).toArray();
    byte[] samples = new byte[8 * 8 * 3];
    for (int i = 0; i < samples.length / 3; i++) {
      int colour = colours[(i % 8) / 4 + 2 * (i / 8 / 4)];
      samples[3 * i] = (byte) (colour >> 16);
      samples[3 * i + 1] = (byte) (colour >> 8);
      samples[3 * i + 2] = (byte) colour;
    }
    return Image.of(8, 8, samples);
  }

  static Path write(Path file, int number) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    of(number).writePng(file);
    return file;
  }

  /** Files {@code 000.png} and so on, with the pictures of their numbers. */
  static void write(Path folder, int from, int to) throws IOException {
    for (int i = from; i < to; i++) {
      write(folder.resolve(String.format(Locale.ROOT, "%03d.png", i)), i);
    }
  }

  /** The header of a picture of 200 million pixels. */
  static byte[] huge() {
    byte[] bmp = new byte[54 + 1000];
    var header = ByteBuffer.wrap(bmp).order(ByteOrder.LITTLE_ENDIAN);
    header.putShort((short) 0x4d42).putInt(bmp.length).putInt(0).putInt(54).putInt(40);
    header.putInt(20_000).putInt(10_000).putShort((short) 1).putShort((short) 24);
    return bmp;
  }
}
