package io.github.blip2j.vision.image.webp.lossless;

import io.github.blip2j.vision.image.webp.container.Canvas;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Decodes a VP8L image (RFC 9649, section 3). */
public final class LosslessDecoder {
  private static final int CHANNELS = 3;

  /** The transforms in the order of their numbers. */
  private enum Kind {
    PREDICTOR,
    COLOR,
    SUBTRACT_GREEN,
    COLOR_INDEXING
  }

  private final BitReader reader;
  private final int width;
  private final int height;
  private final List<Transform> transforms = new ArrayList<>();

  /** The width of the image after the transforms read so far: a palette packs pixels. */
  private int codedWidth;

  public LosslessDecoder(BitReader reader, int width, int height) {
    this.reader = reader;
    this.width = width;
    this.height = height;
    this.codedWidth = width;
  }

  /**
   * Decodes the image in {@code file} from {@code start} to {@code end}.
   *
   * @throws java.io.EOFException if its data end early
   */
  public static void decode(byte[] file, int start, int end, Canvas canvas) throws IOException {
    LosslessHeader header = LosslessHeader.read(file, start, end);
    var reader = new BitReader(file, start, end);
    for (int i = 0; i < LosslessHeader.BYTES; i++) {
      reader.read(Byte.SIZE);
    }
    new LosslessDecoder(reader, header.width(), header.height()).decode(canvas);
  }

  private void decode(Canvas canvas) throws IOException {
    int[] pixels = start().readWhole(codedWidth, height).pixels();
    int[] row = new int[width];
    for (int y = 0; y < height; y++) {
      System.arraycopy(pixels, y * codedWidth, row, 0, codedWidth);
      for (int i = transforms.size() - 1; i >= 0; i--) {
        transforms.get(i).invert(row, y);
      }
      write(row, canvas.samples(), canvas.at(y));
    }
  }

  /** Reads the transforms and codes, up to the pixels. */
  public PixelReader start() throws IOException {
    Set<Kind> seen = EnumSet.noneOf(Kind.class);
    while (reader.flag()) {
      Kind kind = Kind.values()[reader.read(2)];
      if (!seen.add(kind)) {
        throw new IOException("two transforms of a kind");
      }
      transforms.add(readTransform(kind));
    }
    return CodedImage.startImage(reader, codedWidth, height);
  }

  /** Whether the one transform is a palette. */
  public boolean isIndexed() {
    return transforms.size() == 1 && transforms.get(0) instanceof ColorIndexing;
  }

  /** The width of the coded image. */
  public int codedWidth() {
    return codedWidth;
  }

  private Transform readTransform(Kind kind) throws IOException {
    switch (kind) {
      case PREDICTOR, COLOR -> {
        int bits = 2 + reader.read(3);
        CodedImage tiles =
            CodedImage.readTable(
                reader, CodedImage.tiles(codedWidth, bits), CodedImage.tiles(height, bits));
        return kind == Kind.COLOR
            ? new ColorTransform(codedWidth, tiles, bits)
            : new Predictor(codedWidth, tiles, bits);
      }
      case COLOR_INDEXING -> {
        ColorIndexing indexing = ColorIndexing.read(reader, codedWidth);
        codedWidth = indexing.packedWidth();
        return indexing;
      }
      default -> {
        return new SubtractGreen(codedWidth);
      }
    }
  }

  private static void write(int[] row, byte[] samples, int at) {
    int to = at;
    for (int pixel : row) {
      samples[to] = (byte) (pixel >> 16);
      samples[to + 1] = (byte) (pixel >> 8);
      samples[to + 2] = (byte) pixel;
      to += CHANNELS;
    }
  }
}
