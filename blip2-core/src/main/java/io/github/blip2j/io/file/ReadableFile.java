package io.github.blip2j.io.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A file that is open for positional reads by any number of threads. */
public final class ReadableFile implements AutoCloseable {
  private static final int LONGEST_MESSAGE = 2000; // file contents may have huge names

  private final String name;
  private final FileChannel channel;
  private final long size;

  private ReadableFile(String name, FileChannel channel) throws IOException {
    this.name = name;
    this.channel = channel;
    this.size = channel.size();
  }

  /**
   * Opens a file.
   *
   * @throws CheckpointException if there is no such file
   */
  public static ReadableFile open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(file + ": file expected, got none; check the path");
    }
    return new ReadableFile(nameOf(file), FileChannel.open(file, StandardOpenOption.READ));
  }

  public static String nameOf(Path file) {
    @Nullable Path name = file.getFileName();
    return name == null ? file.toString() : name.toString();
  }

  /** The file's name without its folder. */
  public String name() {
    return name;
  }

  /** The size in bytes when the file was opened. */
  public long size() {
    return size;
  }

  /** Fills the buffer's remaining bytes from a position. */
  public void readFully(ByteBuffer into, long position) throws IOException {
    long at = position;
    while (into.hasRemaining()) {
      int count = channel.read(into, at);
      if (count < 0) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: %d more bytes expected at byte %d, got the end of the file; %s",
                name,
                into.remaining(),
                at,
                "it changed after it was opened"));
      }
      at += count;
    }
  }

  /** Reads bytes into a new little-endian buffer. */
  public ByteBuffer bytes(long position, int count) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    readFully(bytes, position);
    return bytes.flip();
  }

  /** A stream over part of the file; closing it does not close the file. */
  public InputStream stream(long position, long count) {
    return new InputStream() {
      private long at = position;

      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        int most = (int) Math.min(length, position + count - at);
        if (most == 0 && length > 0) {
          return -1;
        }
        readFully(ByteBuffer.wrap(into, offset, most), at);
        at += most;
        return most;
      }
    };
  }

  /** An error in this file; {@code what} is the message without the file's name. */
  @SuppressWarnings("AnnotateFormatMethod")
  public // @FormatMethod would need another dependency
  CheckpointException error(String what, Object... values) {
    String message = String.format(Locale.ROOT, what, values);
    return new CheckpointException(
        message.length() <= LONGEST_MESSAGE
            ? name + ": " + message
            : name + ": " + message.substring(0, LONGEST_MESSAGE) + "...");
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
