package io.github.blip2j.vision.image;

import io.github.blip2j.vision.image.codec.EncodedImage;
import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Decodes JPEG, PNG, GIF, BMP, TIFF and WebP files, bit-equal to Pillow's {@code
 * Image.open(file).convert("RGB")}; of animations the first frame, of several pages the first.
 * Immutable and safe for many threads.
 *
 * <p>The format is recognised by content. As in Pillow, colour profiles are ignored, alpha is
 * dropped, and a file that ends early is rejected. 16-bit gray keeps its upper byte, where Pillow
 * clips; RLE4 bitmaps keep the pixels that Pillow loses.
 *
 * <p>An image takes three bytes for each pixel, besides the file itself. Memory is allocated only
 * after the header's size has been checked and, for GIF and BMP, after the file has been found long
 * enough for such an image. Time grows with the pixels and the length of the file.
 */
public final class ImageDecoder {
  /**
   * The most pixels that Pillow reads, twice as many as it warns of: some 13,377 times 13,377,
   * which take half a gigabyte.
   */
  public static final long DEFAULT_MAX_PIXELS = 178_956_970;

  private static final String COPY_AGAIN = "copy or download it again";

  private final long maxPixels;
  private final boolean exifRotation;

  /** Reads up to {@link #DEFAULT_MAX_PIXELS} and leaves photographs as they are stored. */
  public ImageDecoder() {
    this(DEFAULT_MAX_PIXELS, false);
  }

  private ImageDecoder(long maxPixels, boolean exifRotation) {
    this.maxPixels = maxPixels;
    this.exifRotation = exifRotation;
  }

  /**
   * A decoder that refuses larger images before it decodes them.
   *
   * @throws IllegalArgumentException if {@code maxPixels} is not positive
   */
  public ImageDecoder withMaxPixels(long maxPixels) {
    if (maxPixels <= 0) {
      throw new IllegalArgumentException(
          "ImageDecoder: maxPixels expected 1 or more, got " + maxPixels);
    }
    return new ImageDecoder(maxPixels, exifRotation);
  }

  /**
   * A decoder that turns photographs upright by their EXIF orientation, or not. BLIP-2's references
   * do not, so the default is off; TIFF files are always turned, as by Pillow.
   */
  public ImageDecoder withExifRotation(boolean exifRotation) {
    return new ImageDecoder(maxPixels, exifRotation);
  }

  /**
   * Reads a file.
   *
   * @throws UnreadableImageException if there is no such file or it is no whole image
   */
  public Image decode(Path path) throws IOException {
    String name = path.toString();
    if (!Files.exists(path)) {
      throw new UnreadableImageException(name, "no such file", "check the path");
    }
    if (Files.isDirectory(path)) {
      throw new UnreadableImageException(name, "a directory", "name a file in it");
    }
    // Devices and pipes may never end.
    if (!Files.isRegularFile(path) || Files.size(path) > Integer.MAX_VALUE - 8) {
      throw new UnreadableImageException(
          name, "something else or more than 2 GiB", "copy the image to a file");
    }
    byte[] file;
    try {
      file = Files.readAllBytes(path);
    } catch (IOException e) {
      throw because(
          new UnreadableImageException(name, "a file that cannot be read", "check its rights"), e);
    }
    return decode(file, name);
  }

  /**
   * Reads a file held in memory.
   *
   * @param name what to call it in error messages
   * @throws UnreadableImageException if it is no whole image
   */
  public Image decode(byte[] file, String name) throws IOException {
    if (file.length == 0) {
      throw new UnreadableImageException(name, "an empty file", COPY_AGAIN);
    }
    ImageFormat format = ImageFormat.of(file);
    if (format == null) {
      throw new UnreadableImageException(
          name, ImageFormat.describe(file), "convert it to PNG first");
    }
    try {
      EncodedImage image = format.open(file);
      ImageHeader header = image.header();
      requireWithinBudget(name, header);
      var decoded = Image.wrap(header.width(), header.height(), image.decode());
      return exifRotation ? ExifOrientation.apply(header.orientation(), decoded) : decoded;
    } catch (UnreadableImageException e) {
      throw e;
    } catch (IOException e) {
      throw because(new UnreadableImageException(name, describe(format, e), COPY_AGAIN), e);
    }
  }

  private void requireWithinBudget(String name, ImageHeader header) throws IOException {
    if (header.pixels() > maxPixels) {
      throw new UnreadableImageException(
          String.format(
              Locale.ROOT,
              "%s: image expected at most %d pixels, got %dx%d; make it smaller or raise maxPixels",
              name,
              maxPixels,
              header.width(),
              header.height()));
    }
  }

  private static String describe(ImageFormat format, IOException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof EOFException) {
        return "a truncated " + format + " file";
      }
    }
    return String.format(Locale.ROOT, "a damaged %s file (%s)", format, failure.getMessage());
  }

  private static UnreadableImageException because(
      UnreadableImageException exception, @Nullable IOException cause) {
    exception.initCause(cause);
    return exception;
  }
}
