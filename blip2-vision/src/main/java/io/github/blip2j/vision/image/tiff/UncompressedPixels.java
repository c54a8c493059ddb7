package io.github.blip2j.vision.image.tiff;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Set;

/**
 * Uncompressed pixels, which Pillow reads by itself: strips and tiles in the order of their
 * positions in the file, each to the end of its rows whatever length the directory states. Pixels
 * without a strip stay black.
 */
final class UncompressedPixels {
  private static final Set<String> MAPPED = Set.of("L", "P", "RGBA", "CMYK", "I;16", "I;16B");

  private final byte[] file;
  private final PixelLayout layout;
  private final int width;
  private final int height;
  private final boolean planar;
  private final int tileWidth;
  private final int tileHeight;
  private final int across;
  private final long perLayer;
  private final RawMode[] rawModes;
  private final Tile[] tiles;
  private final long mappedStride;

  /** One strip or tile: its position in the file, and its number in the directory. */
  private record Tile(long offset, int index) {}

  /**
   * Reads the positions of the pixels and checks that the file holds them.
   *
   * @throws EOFException if it does not
   */
  UncompressedPixels(byte[] file, Directory directory, PixelLayout layout, int width, int height)
      throws IOException {
    this.file = file;
    this.layout = layout;
    this.width = width;
    this.height = height;
    this.planar = directory.numberIfAny(Tags.PLANAR_CONFIGURATION, 1L) == 2;
    this.rawModes = new RawMode[planar ? layout.rawMode().length() : 1];
    boolean strips = directory.has(Tags.STRIP_OFFSETS);
    int tag = strips ? Tags.STRIP_OFFSETS : Tags.TILE_OFFSETS;
    if (!directory.has(tag)) {
      throw new IOException("no strips or tiles");
    }
    long statedWidth = strips ? width : size(directory.number(Tags.TILE_WIDTH, 0L));
    long statedHeight =
        strips
            ? directory.number(Tags.ROWS_PER_STRIP, height)
            : size(directory.number(Tags.TILE_LENGTH, 0L));
    this.mappedStride =
        directory.count(tag) == 1
            ? mappedStride(
                directory.integer(tag, 0), statedWidth > width ? paddedStride(statedWidth) : 0)
            : 0;
    this.tileWidth = mappedStride > 0 ? width : size(statedWidth);
    this.tileHeight = mappedStride > 0 ? height : size(statedHeight);
    this.across = (width - 1) / tileWidth + 1;
    this.perLayer = (long) across * ((height - 1) / tileHeight + 1);
    this.tiles = tiles(directory, tag);
    for (int i = 0; i < tiles.length; i++) {
      if (!isSeenAgain(i)) {
        requireWhole(tiles[i], i == tiles.length - 1);
      }
    }
  }

  /**
   * The row stride if Pillow maps the file into memory, as it does for a single strip or tile of
   * the usual kinds; the strip then holds the whole image, whatever number of rows is stated.
   *
   * @return 0 if it does not
   */
  private long mappedStride(long offset, long padded) {
    String rawMode = planar ? layout.rawMode().substring(0, 1) : layout.rawMode();
    if (!rawMode.equals(layout.mode()) || !MAPPED.contains(rawMode)) {
      return 0;
    }
    int pixelBytes = rawMode.length() == 1 ? 1 : rawMode.startsWith("I") ? 2 : 4;
    long used = (long) width * pixelBytes;
    long stride = padded > 0 ? padded : used;
    long bytes = stride * (height - 1) + Math.max(stride, used);
    return offset >= 0 && offset <= file.length - bytes ? stride : 0;
  }

  /** The row stride of a tile that extends beyond the image. */
  private long paddedStride(long columns) {
    double bytes = (double) columns * layout.samples() * layout.bits() / 8;
    return (long) (planar ? bytes / layout.colorSamples() : bytes);
  }

  private static int size(long size) throws IOException {
    if (size <= 0) {
      throw new IOException("no size of strips or tiles");
    }
    return (int) Math.min(size, Integer.MAX_VALUE / 2);
  }

  /** Strips and tiles by position in the file. */
  private Tile[] tiles(Directory directory, int tag) throws IOException {
    int count = directory.count(tag);
    // Each would cover the whole image, so only the last is visible.
    boolean single = tileWidth == width && tileHeight == height && !planar;
    if (planar && count > perLayer * rawModes.length) {
      throw new IOException(count + " strips or tiles, more than there are colours");
    }
    var found = new Tile[single ? 1 : count];
    for (int i = 0; i < found.length; i++) {
      found[i] = new Tile(directory.integer(tag, single ? count - 1 : i), single ? 0 : i);
    }
    Arrays.sort(found, Comparator.comparingLong(Tile::offset));
    return found;
  }

  /** The number of a tile in the image; surplus strips begin at the top again. */
  private int place(Tile tile) {
    return planar ? tile.index : (int) (tile.index % perLayer);
  }

  /** Whether the next one has the same position, so that this one is not read. */
  private boolean isSeenAgain(int i) {
    return i + 1 < tiles.length && place(tiles[i]) == place(tiles[i + 1]);
  }

  private RawMode rawMode(Tile tile) throws IOException {
    int layer = planar ? (int) (tile.index / perLayer) : 0;
    if (rawModes[layer] == null) {
      String name = layout.rawMode();
      rawModes[layer] =
          RawMode.of(
              layout.mode(), planar ? name.substring(layer, layer + 1) : name, layout.channels());
    }
    return rawModes[layer];
  }

  private int column(Tile tile) {
    return (int) (place(tile) % perLayer) % across * tileWidth;
  }

  private int row(Tile tile) {
    return (int) (place(tile) % perLayer) / across * tileHeight;
  }

  /** The bytes of the pixels of one row. */
  private long rowBytes(Tile tile) throws IOException {
    long columns = Math.min(tileWidth, width - column(tile));
    return (columns * rawMode(tile).bits() + 7) / 8;
  }

  /** The row stride, or 0 if Pillow's decoder does not support the layout. */
  private long stride(Tile tile) throws IOException {
    if (mappedStride > 0) {
      return mappedStride;
    }
    long used = rowBytes(tile);
    boolean padded = (long) column(tile) + tileWidth > width;
    long stride = padded ? paddedStride(tileWidth) : 0;
    return stride == 0 ? used : stride < used ? 0 : stride;
  }

  private void requireWhole(Tile tile, boolean last) throws IOException {
    long stride = stride(tile);
    if (stride == 0) {
      if (last) { // Pillow ignores earlier errors
        throw new IOException("rows of tiles that do not end at a byte");
      }
      return;
    }
    int rows = Math.min(tileHeight, height - row(tile));
    long bytes = (rows - 1) * stride + rowBytes(tile);
    if (tile.offset < 0 || bytes > file.length || tile.offset > file.length - bytes) {
      throw new EOFException();
    }
  }

  /** Fills {@code canvas}. */
  void read(Canvas canvas) throws IOException {
    if (planar || tiles.length <= perLayer) {
      for (Tile tile : tiles) {
        read(tile, canvas);
      }
      return;
    }
    int[] last = new int[(int) perLayer];
    for (int i = 0; i < tiles.length; i++) {
      last[place(tiles[i])] = i;
    }
    for (int i = 0; i < tiles.length; i++) {
      if (last[place(tiles[i])] == i) {
        read(tiles[i], canvas);
      }
    }
  }

  private void read(Tile tile, Canvas canvas) throws IOException {
    RawMode.Unpacker unpacker = rawMode(tile).unpacker();
    int x = column(tile);
    int y = row(tile);
    int columns = Math.min(tileWidth, width - x);
    int rows = Math.min(tileHeight, height - y);
    long stride = stride(tile);
    if (stride == 0) {
      return;
    }
    for (int i = 0; i < rows; i++) {
      int from = (int) (tile.offset + i * stride);
      unpacker.unpack(file, from, canvas.samples(), canvas.index(x, y + i), columns);
    }
  }
}
