package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.ReadableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads scattered data in a piece of a file, such as a transposed matrix.
 *
 * <p>The file is not mapped into memory: truncating a mapped file would crash the process.
 */
final class ViewReader {
  /** The largest piece to read at once. */
  static final int WHOLE = 1 << 26;

  private static final int PAGE = 1 << 12;
  private static final int MOST_PAGES = 1 << 16; // 256 MiB, of pieces that are larger still

  private final ReadableFile file;
  private final long begin;
  private final long bytes;
  private final @Nullable ByteBuffer whole;
  private final @Nullable ByteBuffer[] pages;
  private final long[] numbers; // page numbers in the cache
  private final int shift;

  /**
   * A reader of a piece of a file, with its own page cache.
   *
   * @param most the largest number of bytes to read at once
   */
  ViewReader(ReadableFile file, long begin, long bytes, int most) throws IOException {
    this.file = file;
    this.begin = begin;
    this.bytes = bytes;
    this.whole = bytes <= most ? file.bytes(begin, (int) bytes) : null;
    int bits = 1;
    while (whole == null && 1L << bits < Math.min(MOST_PAGES, 2 * bytes / PAGE)) {
      bits++;
    }
    this.shift = Long.SIZE - bits;
    this.pages = new ByteBuffer[1 << bits];
    this.numbers = new long[1 << bits];
  }

  /** Copies bytes from a position in the piece into the buffer. */
  void read(long place, int count, ByteBuffer into) throws IOException {
    if (whole != null) {
      put(whole, (int) place, count, into);
    } else if (count >= PAGE) {
      file.readFully(into.slice(into.position(), count), begin + place);
      into.position(into.position() + count);
    } else {
      int within = (int) (place % PAGE);
      int first = Math.min(count, PAGE - within);
      put(page(place / PAGE), within, first, into);
      if (first < count) {
        put(page(place / PAGE + 1), 0, count - first, into);
      }
    }
  }

  private static void put(ByteBuffer from, int at, int count, ByteBuffer into) {
    into.put(into.position(), from, at, count).position(into.position() + count);
  }

  private ByteBuffer page(long number) throws IOException {
    // Multiplied, so that strides of a power of two are spread over the slots.
    int slot = (int) ((number * 0x9E3779B97F4A7C15L) >>> shift);
    @Nullable ByteBuffer page = pages[slot];
    if (page != null && numbers[slot] == number) {
      return page;
    }
    int size = (int) Math.min(PAGE, bytes - number * PAGE);
    ByteBuffer read = file.bytes(begin + number * PAGE, size);
    pages[slot] = read;
    numbers[slot] = number;
    return read;
  }
}
