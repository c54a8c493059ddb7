package io.github.blip2j.server.work;

import io.github.blip2j.io.file.Sha256;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import io.github.blip2j.vision.image.UnreadableImageException;
import io.github.blip2j.vision.image.UnresizableImageException;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An image as a client sent it, still encoded. */
public final class Picture {
  private final String name;
  private final byte[] file;
  private final String hash;
  private @Nullable Image decoded;

  private Picture(String name, byte[] file, String hash) {
    this.name = name;
    this.file = file;
    this.hash = hash;
  }

  /**
   * An image.
   *
   * @param name what to call it in messages, as {@code messages[0].content[1].image_url}
   * @param file its bytes, which must not change
   */
  public static Picture of(String name, byte[] file) {
    return new Picture(name, file, Sha256.hex(file));
  }

  /** What it is called in messages. */
  public String name() {
    return name;
  }

  /** The bytes of its file. */
  public int bytes() {
    return file.length;
  }

  /** The SHA-256 of its bytes, by which equal ones are known. */
  String hash() {
    return hash;
  }

  /**
   * Decodes it, once; it is kept as long as the picture. For the model thread alone.
   *
   * @throws PictureException if it is no image
   */
  Image decode(long maxPixels) throws IOException {
    Image image = decoded;
    if (image == null) {
      image = decode(new ImageDecoder().withMaxPixels(maxPixels));
      decoded = image;
    }
    return image;
  }

  /**
   * Decodes it, turned as its EXIF data asks, each time anew.
   *
   * @throws PictureException if it is no image
   */
  Image upright(long maxPixels) throws IOException {
    return decode(new ImageDecoder().withMaxPixels(maxPixels).withExifRotation(true));
  }

  private Image decode(ImageDecoder decoder) throws IOException {
    try {
      return decoder.decode(file, name);
    } catch (UnreadableImageException e) {
      throw new PictureException(name, String.valueOf(e.getMessage()), e);
    }
  }

  /** Something that is done with pictures. */
  @FunctionalInterface
  interface Use<T> {
    /** Does it. */
    T apply() throws IOException;
  }

  /**
   * Does something with pictures that are resized for it.
   *
   * @throws PictureException if one is too long and narrow
   */
  static <T> T resized(List<Picture> pictures, Use<T> use) throws IOException {
    try {
      return use.apply();
    } catch (UnresizableImageException e) {
      Picture longest =
          pictures.stream().max(Comparator.comparingInt(Picture::longSide)).orElseThrow();
      throw new PictureException(
          longest.name, e.getMessage() + "; send a picture of other proportions", e);
    }
  }

  private int longSide() {
    return decoded == null ? 0 : Math.max(decoded.width(), decoded.height());
  }
}
