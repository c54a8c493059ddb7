package io.github.blip2j.search;

import io.github.blip2j.io.file.Sha256;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import io.github.blip2j.vision.image.Resampling;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Small JPEGs of photos. */
public final class Thumbnail {
  private Thumbnail() {}

  /**
   * A small version of a photo whose file still has the content that was indexed. Only bytes of
   * that content are looked at, by their SHA-256: a file, or a link, that was put in its place
   * shows nothing.
   *
   * @param side width and height at most, in pixels
   * @return a JPEG, upright; empty if the file is gone, changed, or no image that can be read
   */
  public static Optional<byte[]> of(Photo photo, int side, ImageDecoder decoder) {
    if (photo.state() != PhotoState.PRESENT) { // no pipe or device either
      return Optional.empty();
    }
    try {
      byte[] bytes = content(photo);
      if (!Sha256.hex(bytes).equals(photo.sha256())) {
        return Optional.empty();
      }
      Image image = decoder.withExifRotation(true).decode(bytes, photo.name());
      return Optional.of(jpeg(image, side));
    } catch (IOException | InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static byte[] content(Photo photo) throws IOException {
    try (InputStream in = Files.newInputStream(photo.path())) {
      return in.readNBytes((int) Math.min(Integer.MAX_VALUE - 8L, photo.bytes() + 1));
    }
  }

  /** An image as JPEG, made smaller where a side is longer. */
  static byte[] jpeg(Image image, int side) throws IOException {
    double factor = Math.min(1, (double) side / Math.max(image.width(), image.height()));
    int width = Math.max(1, (int) Math.round(image.width() * factor));
    int height = Math.max(1, (int) Math.round(image.height() * factor));
    Image small = factor == 1 ? image : image.resize(width, height, Resampling.BICUBIC);
    var jpeg = new ByteArrayOutputStream();
    try (var memory = new MemoryCacheImageOutputStream(jpeg)) { // no temporary file
      if (!ImageIO.write(small.toBufferedImage(), "jpeg", memory)) {
        throw new IOException("thumbnail: a writer of JPEGs expected in this Java, got none");
      }
    }
    return jpeg.toByteArray();
  }
}
