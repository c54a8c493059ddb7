package io.github.blip2j.vision.image.webp;

import io.github.blip2j.vision.image.codec.EncodedImage;
import io.github.blip2j.vision.image.codec.ImageHeader;
import io.github.blip2j.vision.image.webp.container.Canvas;
import io.github.blip2j.vision.image.webp.container.Chunk;
import io.github.blip2j.vision.image.webp.lossless.LosslessDecoder;
import io.github.blip2j.vision.image.webp.lossy.LossyDecoder;
import java.io.IOException;

/**
 * A WebP file: an image, or the first frame of an animation on its canvas.
 *
 * <p>As in Pillow, alpha is dropped, and the canvas is black outside the first frame.
 */
public final class WebpFile implements EncodedImage {
  private final byte[] file;
  private final ImageHeader header;
  private final Frame frame;

  private WebpFile(byte[] file, ImageHeader header, Frame frame) {
    this.file = file;
    this.header = header;
    this.frame = frame;
  }

  /** Reads the chunks of {@code file}, which begins with a RIFF header of type WEBP. */
  public static WebpFile parse(byte[] file) throws IOException {
    WebpContainer container = WebpContainer.parse(file);
    return new WebpFile(file, container.header(), container.firstFrame());
  }

  @Override
  public ImageHeader header() {
    return header;
  }

  @Override
  public byte[] decode() throws IOException {
    byte[] samples = header.newSamples();
    int stride = header.width() * ImageHeader.CHANNELS;
    var canvas = new Canvas(samples, frame.y() * stride + frame.x() * ImageHeader.CHANNELS, stride);
    Chunk image = frame.image();
    if (frame.isLossless()) {
      LosslessDecoder.decode(file, image.start(), image.end(), canvas);
    } else {
      AlphaChunk.check(file, frame);
      LossyDecoder.decode(file, image.start(), image.end(), canvas);
    }
    return samples;
  }
}
