package io.github.blip2j.vision.image.jpeg;

import io.github.blip2j.vision.image.codec.EncodedImage;
import io.github.blip2j.vision.image.codec.ImageHeader;
import java.io.IOException;

/**
 * A JPEG file (ITU-T T.81): sequential, progressive or lossless, of 8 bits, gray, RGB, YCbCr, CMYK
 * or YCCK. Hierarchical coding and lossless arithmetic coding are rejected.
 *
 * <p>A sequential image takes little additional memory; one of several scans takes 2 bytes for each
 * sample of nonzero blocks. The cost of decoding is bounded: scans that visit more than 67 million
 * blocks and 16 times those of the image are rejected. Usual files visit each block 5 times.
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
    var segments = new Segments(file);
    segments.readHeader();
    return new JpegFile(segments, HeaderWalk.orientation(file));
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
   * The components of each pixel in turn, before any colour conversion.
   *
   * @throws java.io.EOFException if the file ends early
   * @throws IOException if it cannot be decoded, with the reason alone as its message
   */
  public byte[] components() throws IOException {
    return decode(JpegColors.AS_STORED);
  }

  private byte[] decode(JpegColors colors) throws IOException {
    Frame frame = segments.frame();
    if (frame.coding() == Frame.Coding.LOSSLESS) {
      return new LosslessImage(segments, colors).decode();
    }
    if (frame.coding() == Frame.Coding.SEQUENTIAL) {
      segments.tables.addStandard();
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
