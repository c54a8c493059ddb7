package io.github.blip2j.io.torch;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ReadableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The bytes of a pickle, read in order through a small window of the file. */
final class PickleInput {
  // Names and shapes of two hundred thousand tensors take thirty million bytes.
  static final int MOST_BYTES = 64_000_000;
  private static final int LONGEST_NAME = 1000;
  private static final int WINDOW = 1 << 16;

  private final ReadableFile file;
  private final long begin;
  private final long end;
  private long windowEnd;
  private long skipped;
  private ByteBuffer window = ByteBuffer.allocate(0).order(ByteOrder.LITTLE_ENDIAN);

  /** The pickle that begins at {@code begin} and ends before {@code end}. */
  PickleInput(ReadableFile file, long begin, long end) {
    this.file = file;
    this.begin = begin;
    this.end = end;
    this.windowEnd = begin;
  }

  /** Where the next byte lies in the file. */
  long position() {
    return windowEnd - window.remaining();
  }

  int uint8() throws IOException {
    return ahead(1).get() & 0xff;
  }

  int uint16() throws IOException {
    return ahead(2).getShort() & 0xffff;
  }

  int int32() throws IOException {
    return ahead(4).getInt();
  }

  long uint32() throws IOException {
    return ahead(4).getInt() & 0xffffffffL;
  }

  long int64() throws IOException {
    return ahead(8).getLong();
  }

  /** A big-endian double, as in pickles. */
  double float64() throws IOException {
    return Double.longBitsToDouble(Long.reverseBytes(int64()));
  }

  /** Some bytes. */
  byte[] bytes(long count) throws IOException {
    requireAhead(count);
    byte[] bytes = new byte[(int) count];
    if (count <= window.remaining()) {
      window.get(bytes);
      return bytes;
    }
    file.readFully(ByteBuffer.wrap(bytes), position());
    windowEnd = position() + count;
    window.position(window.limit());
    return bytes;
  }

  /** Skips bytes without reading them. */
  void skip(long count) throws IOException {
    requireInFile(count);
    long within = Math.min(count, window.remaining());
    window.position(window.position() + (int) within);
    windowEnd += count - within;
    skipped += count;
  }

  /** A string of a byte length. */
  String utf8(long count) throws IOException {
    return new String(bytes(count), StandardCharsets.UTF_8);
  }

  /** A string up to the end of its line. */
  String line() throws IOException {
    var line = new StringBuilder();
    for (int next = uint8(); next != '\n'; next = uint8()) {
      line.append((char) next);
      if (line.length() > LONGEST_NAME) {
        throw file.error("pickle expected a shorter name before byte %d", position());
      }
    }
    return line.toString();
  }

  /** An error in the pickle. */
  @SuppressWarnings("AnnotateFormatMethod") // as in ReadableFile
  CheckpointException error(String what, Object... values) {
    return file.error(what, values);
  }

  private ByteBuffer ahead(int count) throws IOException {
    if (window.remaining() < count) {
      requireAhead(count);
      long at = position();
      window = file.bytes(at, (int) Math.min(WINDOW, end - at));
      windowEnd = at + window.limit();
    }
    return window;
  }

  private void requireAhead(long count) throws CheckpointException {
    requireInFile(count);
    if (position() + count - begin - skipped > MOST_BYTES) {
      throw file.error(
          "pickle expected at most %d bytes, got more; save the state_dict alone", MOST_BYTES);
    }
  }

  private void requireInFile(long count) throws CheckpointException {
    if (count < 0 || count > end - position()) {
      throw file.error(
          "pickle expected %s more bytes at byte %d, got %d; the file is truncated, copy it again",
          Long.toUnsignedString(count), position(), end - position());
    }
  }
}
