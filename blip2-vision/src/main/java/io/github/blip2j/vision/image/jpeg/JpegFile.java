package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.codec.EncodedImage;
import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.IOException;

/**
 * A JPEG file (ITU-T T.81): sequential or progressive, of 8 bits, gray, RGB, YCbCr, CMYK or YCCK.
 */
public final class JpegFile implements EncodedImage {
  private final Segments segments;
  private final int orientation;

  private JpegFile(Segments segments, int orientation) {
    this.segments = segments;
    this.orientation = orientation;
  }

  /** Reads the segments of {@code file} up to its first scan. */
  public static JpegFile parse(byte[] file) throws IOException {
    int orientation = HeaderWalk.orientation(file);
    var segments = new Segments(file);
    segments.readHeader();
    return new JpegFile(segments, orientation);
  }

  @Override
  public ImageHeader header() throws IOException {
    Frame.Size size = segments.frame().size();
    return ImageHeader.of(size.width(), size.height(), orientation);
  }

  @Override
  public byte[] decode() throws IOException {
    return decode(segments.colors());
  }

  /**
   * The components of each pixel in turn as the file stores them, before any conversion of colours.
   *
   * @throws java.io.EOFException if the file ends early
   * @throws IOException if it cannot be decoded, with the reason alone as its message
   */
  public byte[] components() throws IOException {
    return decode(JpegColors.AS_STORED);
  }

  private byte[] decode(JpegColors colors) throws IOException {
    Frame frame = segments.frame();
    if (frame.coding() == Frame.Coding.SEQUENTIAL) {
      segments.addStandardTables();
    }
    segments.scan().requireSmallMcu();
    segments.fixQuantization();
    boolean single =
        !frame.coding().progressive()
            && segments.scan().parts().size() == frame.components().size();
    return single
        ? new SingleScan(segments, colors).decode()
        : new ManyScans(segments, colors).decode();
  }
}
