package io.github.blip2j.vision.image.codec;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;

/**
 * The first frame of a GIF file on its screen (GIF89a specification, sections 18 to 23).
 *
 * <p>A frame may be smaller than the screen. The rest shows colour 0, or the transparent colour if
 * there is one, as in Pillow.
 */
public final class GifFile implements EncodedImage {
  private static final int IMAGE = 0x2C;
  private static final int EXTENSION = 0x21;
  private static final int GRAPHIC_CONTROL = 0xF9;

  private final byte[] file;
  private final ImageHeader screen;
  private final int left;
  private final int top;
  private final int background;

  private GifFile(byte[] file, ImageHeader screen, int left, int top, int background) {
    this.file = file;
    this.screen = screen;
    this.left = left;
    this.top = top;
    this.background = background;
  }

  /** Reads the blocks of {@code file} up to its first frame. */
  public static GifFile parse(byte[] file) throws IOException {
    var reader = new ByteReader(file, 6);
    int screenWidth = reader.u16Little();
    int screenHeight = reader.u16Little();
    int flags = reader.u8();
    reader.skip(2);
    skipPalette(reader, flags);
    int background = 0;
    int block = reader.u8();
    while (block != IMAGE) {
      if (block == EXTENSION) {
        int transparent = readExtension(reader);
        background = transparent >= 0 ? transparent : background;
      }
      block = reader.u8(); // anything else is skipped, as in Pillow
    }
    int left = reader.u16Little();
    int top = reader.u16Little();
    int right = left + reader.u16Little();
    int bottom = top + reader.u16Little();
    skipPalette(reader, reader.u8());
    reader.skip(1);
    skipBlocks(reader);
    ImageHeader screen =
        ImageHeader.upright(Math.max(screenWidth, right), Math.max(screenHeight, bottom));
    return new GifFile(file, screen, left, top, background);
  }

  @Override
  public ImageHeader header() {
    return screen;
  }

  @Override
  public byte[] decode() throws IOException {
    BufferedImage image = JdkDecoder.image("gif", file);
    byte[] frame = RasterReader.rgb(image);
    if (image.getWidth() == screen.width() && image.getHeight() == screen.height()) {
      return frame;
    }
    int color = 0;
    if (image.getColorModel() instanceof IndexColorModel palette
        && background < palette.getMapSize()) {
      color = palette.getRGB(background);
    }
    return onScreen(frame, image.getWidth(), color);
  }

  private byte[] onScreen(byte[] frame, int frameWidth, int color) throws IOException {
    byte[] samples = screen.newSamples();
    for (int i = 0; i < samples.length; i += ImageHeader.CHANNELS) {
      samples[i] = (byte) (color >> 16);
      samples[i + 1] = (byte) (color >> 8);
      samples[i + 2] = (byte) color;
    }
    int rowBytes = frameWidth * ImageHeader.CHANNELS;
    for (int y = 0; y < frame.length / rowBytes; y++) {
      int target = ((top + y) * screen.width() + left) * ImageHeader.CHANNELS;
      System.arraycopy(frame, y * rowBytes, samples, target, rowBytes);
    }
    return samples;
  }

  private static void skipPalette(ByteReader reader, int flags) throws IOException {
    if ((flags & 0x80) != 0) {
      reader.skip(ImageHeader.CHANNELS * (2L << (flags & 7)));
    }
  }

  /** Returns the transparent colour that the extension names, or -1. */
  private static int readExtension(ByteReader reader) throws IOException {
    int transparent = -1;
    int label = reader.u8();
    int length = reader.u8();
    if (label == GRAPHIC_CONTROL && length == 4) {
      boolean has = (reader.u8() & 1) != 0;
      reader.skip(2);
      int index = reader.u8();
      transparent = has ? index : -1;
    } else {
      reader.skip(length);
    }
    if (length > 0) {
      skipBlocks(reader);
    }
    return transparent;
  }

  private static void skipBlocks(ByteReader reader) throws IOException {
    int length = reader.u8();
    while (length > 0) {
      reader.skip(length);
      length = reader.u8();
    }
  }
}
