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
    Frame frame = segments.frame();
    if (frame.coding() == Frame.Coding.SEQUENTIAL) {
      segments.addStandardTables();
    }
    segments.scan().requireSmallMcu();
    segments.fixQuantization();
    boolean single =
        !frame.coding().progressive()
            && segments.scan().parts().size() == frame.components().size();
    return single ? new SingleScan(segments).decode() : new ManyScans(segments).decode();
  }
}
