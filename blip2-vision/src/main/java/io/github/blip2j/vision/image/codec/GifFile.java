package io.github.blip2j.vision.image.codec;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The first frame of a GIF file on its screen (GIF89a specification, sections 18 to 26), by
 * Pillow's rules where the specification has none.
 *
 * <p>A frame may be smaller than the screen, or extend beyond it and enlarge it. The rest of the
 * screen shows colour 0, or the transparent colour if there is one. Without a colour table, or with
 * one that only holds the grays from black up, an index is a level of gray.
 */
public final class GifFile implements EncodedImage {
  private static final int IMAGE = 0x2C;
  private static final int EXTENSION = 0x21;
  private static final int TRAILER = 0x3B;
  private static final int GRAPHIC_CONTROL = 0xF9;
  private static final int COMMENT = 0xFE;
  private static final int APPLICATION = 0xFF;
  private static final String ANIMATION = "NETSCAPE2.0";

  private final byte[] file;
  private final ByteReader reader;
  private int screenWidth;
  private int screenHeight;
  private int left;
  private int top;
  private int width;
  private int height;
  private boolean interlaced;
  private int background;
  private byte[] colors = {};

  private GifFile(byte[] file) {
    this.file = file;
    this.reader = new ByteReader(file, 6);
  }

  /** Reads the blocks of {@code file} up to the pixels of its first frame. */
  public static GifFile parse(byte[] file) throws IOException {
    var gif = new GifFile(file);
    gif.readScreen();
    return gif;
  }

  @Override
  public ImageHeader header() throws IOException {
    return ImageHeader.upright(
        Math.max(screenWidth, left + width), Math.max(screenHeight, top + height));
  }

  @Override
  public byte[] decode() throws IOException {
    if (width == 0 || height == 0) {
      throw new IOException("a frame of no size");
    }
    var pixels = new GifPixels(file, reader.position());
    pixels.requireRoomFor((long) width * height);
    ImageHeader screen = header();
    byte[] samples = screen.newSamples();
    if (width < screen.width() || height < screen.height()) {
      fill(samples);
    }
    var layout = PixelLayout.indexed(Byte.SIZE, colors);
    byte[] row = new byte[width];
    for (GifRows rows = new GifRows(height, interlaced); rows.row() < height; rows.next()) {
      pixels.read(row);
      int to = ((top + rows.row()) * screen.width() + left) * ImageHeader.CHANNELS;
      layout.toRgb(row, 0, width, samples, to, ImageHeader.CHANNELS);
    }
    return samples;
  }

  private void fill(byte[] samples) {
    int color = background * ImageHeader.CHANNELS;
    if (colors[color] == 0 && colors[color + 1] == 0 && colors[color + 2] == 0) {
      return;
    }
    for (int i = 0; i < samples.length; i += ImageHeader.CHANNELS) {
      System.arraycopy(colors, color, samples, i, ImageHeader.CHANNELS);
    }
  }

  private void readScreen() throws IOException {
    screenWidth = reader.u16Little();
    screenHeight = reader.u16Little();
    int flags = reader.u8();
    reader.skip(2);
    byte[] global = readColors(flags);
    int block = reader.u8();
    while (block != IMAGE) {
      if (block == TRAILER) {
        throw new IOException("no image in it");
      }
      if (block == EXTENSION) {
        readExtension();
      }
      block = reader.u8(); // other blocks are skipped, as in Pillow
    }
    readFrame(global);
  }

  private void readFrame(byte @Nullable [] global) throws IOException {
    left = reader.u16Little();
    top = reader.u16Little();
    width = reader.u16Little();
    height = reader.u16Little();
    int flags = reader.u8();
    interlaced = (flags & 0x40) != 0;
    byte[] local = readColors(flags);
    byte[] table = local == null ? global : local;
    colors = table == null ? PixelLayout.grays(Byte.SIZE) : padded(table);
    reader.require(1); // the initial number of bits of a code
  }

  /** Reads a colour table; null if there is none, or if it only holds the grays from black up. */
  private byte @Nullable [] readColors(int flags) throws IOException {
    if ((flags & 0x80) == 0) {
      return null;
    }
    int bytes = ImageHeader.CHANNELS * (2 << (flags & 7));
    int start = reader.position();
    reader.skip(bytes);
    byte[] table = Arrays.copyOfRange(file, start, start + bytes);
    return countsUp(table) ? null : table;
  }

  private static boolean countsUp(byte[] table) {
    for (int i = 0; i < table.length; i++) {
      if (table[i] != (byte) (i / ImageHeader.CHANNELS)) {
        return false;
      }
    }
    return true;
  }

  private static byte[] padded(byte[] table) {
    return Arrays.copyOf(table, PixelLayout.table().length);
  }

  /** Reads an extension; odd lengths are treated exactly as in Pillow. */
  private void readExtension() throws IOException {
    int label = reader.u8();
    int length = reader.u8();
    int data = reader.position();
    reader.skip(length);
    if (label == COMMENT) {
      if (length > 0) {
        skipBlocks();
      }
      return;
    }
    if (label == GRAPHIC_CONTROL && length > 0) {
      readGraphicControl(new ByteReader(file, data), length);
    } else if (label == APPLICATION && length >= ANIMATION.length()) {
      if (new ByteReader(file, data).text(ANIMATION.length()).equals(ANIMATION)) {
        reader.skip(reader.u8()); // taken as the number of loops, even if it ends the blocks
      }
    }
    skipBlocks();
  }

  private void readGraphicControl(ByteReader block, int length) throws IOException {
    boolean transparent = (block.u8() & 1) != 0;
    if (length < (transparent ? 4 : 3)) {
      throw new IOException(String.format(Locale.ROOT, "a graphic control of %d bytes", length));
    }
    if (transparent) {
      block.skip(2);
      background = block.u8();
    }
  }

  private void skipBlocks() throws IOException {
    int length = reader.u8();
    while (length > 0) {
      reader.skip(length);
      length = reader.u8();
    }
  }
}
