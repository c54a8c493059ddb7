package io.github.blip2j.vision.image.tiff;

import io.github.blip2j.vision.image.codec.EncodedImage;
import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/**
 * The first image of a TIFF or BigTIFF file (TIFF 6.0 and Adobe's supplements), as Pillow and
 * libtiff read it.
 *
 * <p>Pillow always turns TIFF images upright when it loads them, and so does this class.
 */
public final class TiffFile implements EncodedImage {
  // Either byte order, also of the number after it, which Pillow accepts; then BigTIFF.
  private static final Set<String> BEGINNINGS =
      Set.of("II*\0", "MM\0*", "MM*\0", "II\0*", "II+\0", "MM\0+");

  private final byte[] file;
  private final Directory directory;
  private final Compression compression;
  private final PixelLayout layout;
  private final int width;
  private final int height;
  private final Orientation orientation;

  private TiffFile(byte[] file, Directory directory) throws IOException {
    this.file = file;
    this.directory = directory;
    if (directory.has(Tags.WINDOWS_MEDIA_PHOTO)) {
      throw new IOException("Windows Media Photo is not supported");
    }
    this.compression = Compression.of(directory.number(Tags.COMPRESSION, 1L));
    this.width = size(directory.number(Tags.IMAGE_WIDTH, 0L));
    this.height = size(directory.number(Tags.IMAGE_LENGTH, 0L));
    this.layout = PixelLayout.of(directory, compression != Compression.NONE);
    this.orientation = Orientation.of(directory);
  }

  /** Whether {@code file} begins like a TIFF file. */
  public static boolean begins(byte[] file) {
    return file.length >= 4
        && BEGINNINGS.contains(new String(file, 0, 4, StandardCharsets.ISO_8859_1));
  }

  /** Reads the first directory of {@code file}. */
  public static TiffFile parse(byte[] file) throws IOException {
    return new TiffFile(file, Directory.read(file));
  }

  private static int size(long size) throws IOException {
    if (size <= 0 || size > Integer.MAX_VALUE) {
      throw new IOException("no size");
    }
    return (int) size;
  }

  @Override
  public ImageHeader header() throws IOException {
    return orientation.swapsSides()
        ? ImageHeader.upright(height, width)
        : ImageHeader.upright(width, height);
  }

  @Override
  public byte[] decode() throws IOException {
    return orientation.upright(rgb(), width, height);
  }

  private byte[] rgb() throws IOException {
    if (compression == Compression.NONE) {
      var pixels = new UncompressedPixels(file, directory, layout, width, height);
      var canvas = new Canvas(width, height, layout.channels());
      pixels.read(canvas);
      return Colors.rgb(layout.mode(), canvas, directory);
    }
    Directory strict = Directory.readStrictly(file);
    if (strict.number(Tags.IMAGE_WIDTH, 0L) != width
        || strict.number(Tags.IMAGE_LENGTH, 0L) != height
        || strict.number(Tags.COMPRESSION, 1L) != directory.number(Tags.COMPRESSION, 1L)) {
      throw new IOException("two sizes or compressions");
    }
    var segments = new Segments(file, strict, width, height);
    var pixels = new CompressedPixels(strict, compression, layout, segments);
    Canvas canvas = pixels.read();
    return pixels.areYcc() ? canvas.samples() : Colors.rgb(layout.mode(), canvas, directory);
  }
}
