package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A file that grows by one record for each picture. Opened again, it is read up to its last whole
 * record; half a record after that, which a kill leaves, is cut off. Locked while it is open.
 */
final class RecordFile implements CaptionTarget {
  private static final long LARGEST = Integer.MAX_VALUE - 8L; // the longest array

  private final Path file;
  private final RecordFormat format;
  private final FileChannel channel;
  private final Set<String> images = new HashSet<>();
  private final StringBuilder pending = new StringBuilder();

  private RecordFile(Path file, RecordFormat format, FileChannel channel) {
    this.file = file;
    this.format = format;
    this.channel = channel;
  }

  /**
   * Begins a file or goes on with one.
   *
   * @param anew whether what it holds is dropped
   * @throws IOException if it holds something else, is no file, or is locked
   */
  static RecordFile open(Path file, RecordFormat format, boolean anew) throws IOException {
    requirePlace(file);
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    var records = new RecordFile(file, format, channel);
    try {
      records.lock();
      if (anew) {
        channel.truncate(0);
      }
      records.readEarlier();
      return records;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public boolean has(Path picture) {
    return images.contains(picture.toString());
  }

  @Override
  public void add(Path picture, List<Generated> texts) {
    pending.append(format.record(picture.toString(), texts));
  }

  @Override
  public void flush() throws IOException {
    write(pending.toString());
    pending.setLength(0);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private static void requirePlace(Path file) throws IOException {
    @Nullable Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IOException(file + ": folder expected to exist; create it first");
    }
    if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file)) {
      throw new IOException(
          file + ": file expected, got a folder, device or broken link; name another");
    }
  }

  private void lock() throws IOException {
    boolean free;
    try {
      free = channel.tryLock() != null;
    } catch (OverlappingFileLockException e) { // by another export of this process
      free = false;
    }
    if (!free) {
      throw new IOException(
          file + ": file expected to be free, got one that another run is writing; wait for it");
    }
  }

  private void readEarlier() throws IOException {
    if (channel.size() > LARGEST) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%s: at most 2 GiB of captions expected, got %d bytes; begin another file",
              file,
              channel.size()));
    }
    byte[] bytes = new byte[(int) channel.size()];
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
      // read whole
    }
    // Latin-1 keeps one character a byte, so that places in the text are places in the file.
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int end = headerEnd(text);
    for (int next = format.endOf(text, end); next >= 0; next = format.endOf(text, end)) {
      String record = new String(bytes, end, next - end, StandardCharsets.UTF_8);
      @Nullable String image = format.imageOf(record);
      if (image == null) {
        throw somethingElse();
      }
      images.add(image);
      end = next;
    }
    if (!format.mayBegin(text.substring(end))) {
      throw somethingElse();
    }
    channel.truncate(end);
    channel.position(end);
    if (end == 0) {
      write(format.header());
    }
  }

  private int headerEnd(String text) throws IOException {
    String header = format.header();
    if (text.startsWith(header)) {
      return header.length();
    }
    if (header.startsWith(text)) {
      return 0; // killed while it was written
    }
    throw somethingElse();
  }

  private IOException somethingElse() {
    return new IOException(
        String.format(
                Locale.ROOT,
                "%s: captions of an earlier run as %s expected, got something else; ",
                file,
                format.name())
            + "name another file, or start anew");
  }

  private void write(String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
