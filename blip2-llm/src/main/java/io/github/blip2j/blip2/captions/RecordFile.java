package io.github.blip2j.blip2.captions;

import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.io.file.UnwrittenFileException;
import java.io.EOFException;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A file with a record for each image, to which records are appended. When it is opened again, it
 * is read up to its last complete record; a partial record after that, left by a kill, is cut off.
 * The file is locked while it is open.
 *
 * <p>Replacing records are appended too. On close, the file is rewritten without the replaced
 * records, and the new ones take their positions. After a kill before that, the file holds both.
 */
final class RecordFile implements CaptionTarget {
  private static final long LARGEST = Integer.MAX_VALUE - 8L; // the maximum length of an array

  private static final boolean OPEN_FILES_MOVE = File.separatorChar == '/';

  private final Path file;
  private final RecordFormat format;
  private final FileChannel channel;
  private final boolean anew;
  private final Map<String, List<Place>> earlier = new HashMap<>();
  private final Map<String, Place> written = new LinkedHashMap<>();
  private final Map<String, String> pending = new LinkedHashMap<>();

  /** The position of a record. */
  private record Place(long begin, long end) {}

  private RecordFile(Path file, RecordFormat format, FileChannel channel, boolean anew) {
    this.anew = anew;
    this.file = file;
    this.format = format;
    this.channel = channel;
  }

  /**
   * Creates or continues a file.
   *
   * @param anew whether records of the same images are replaced
   * @throws IOException if it holds something else, is no file, or is locked
   */
  static RecordFile open(Path file, RecordFormat format, boolean anew) throws IOException {
    requirePlace(file);
    while (true) {
      @Nullable Object before = identity(file);
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      var records = new RecordFile(file, format, channel, anew);
      boolean open = false;
      try {
        records.lock();
        // The previous owner may just have replaced the file.
        if (Objects.equals(before, identity(file))) {
          records.readEarlier();
          open = true;
          return records;
        }
      } finally {
        if (!open) {
          channel.close();
        }
      }
    }
  }

  private static @Nullable Object identity(Path file) throws IOException {
    return Files.exists(file)
        ? Files.readAttributes(file, BasicFileAttributes.class).fileKey()
        : null;
  }

  @Override
  public boolean has(Path image) {
    return !anew && earlier.containsKey(PathName.of(image));
  }

  @Override
  public void add(Path image, List<Generated> texts) {
    String name = PathName.of(image);
    pending.put(name, format.record(name, texts));
  }

  @Override
  public void flush() throws IOException {
    for (Map.Entry<String, String> each : pending.entrySet()) {
      long begin = channel.position();
      write(each.getValue());
      written.put(each.getKey(), new Place(begin, channel.position()));
    }
    pending.clear();
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      if (written.keySet().stream().anyMatch(earlier::containsKey)) {
        replace();
      }
    }
  }

  /** Rewrites the file, with each new record in the position of its image's first record. */
  private void replace() throws IOException {
    NavigableMap<Long, Place> places = new TreeMap<>();
    written.forEach((image, place) -> places.put(place.begin, place));
    earlier.forEach((image, old) -> old.forEach(place -> places.put(place.begin, place)));
    written.forEach(
        (image, place) -> {
          List<Place> old = earlier.getOrDefault(image, List.of());
          if (!old.isEmpty()) {
            old.forEach(each -> places.remove(each.begin));
            places.remove(place.begin);
            places.put(old.get(0).begin, place);
          }
        });
    try (OutputFile whole = OutputFile.create(file)) {
      copy(new Place(0, format.header().length()), whole);
      for (Place place : places.values()) {
        copy(place, whole);
      }
      if (!OPEN_FILES_MOVE) {
        channel.close();
      }
      whole.publish();
    }
  }

  private void copy(Place place, OutputFile to) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(place.end - place.begin));
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, place.begin + bytes.position()) < 0) {
        throw new EOFException(file + ": file expected to keep its length, got a shorter one");
      }
    }
    bytes.flip();
    try {
      while (bytes.hasRemaining()) {
        to.channel().write(bytes);
      }
    } catch (IOException e) {
      throw new UnwrittenFileException(file, e);
    }
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
    } catch (OverlappingFileLockException e) { // another export of this process
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
      // complete
    }
    // Latin-1 has one character for each byte, so indices in the text are positions in the file.
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    int most = format.textsIn(text); // of a record: a search may find fewer than requested
    if (format.header().length() > 0) {
      requireTexts(most);
    }
    int end = headerEnd(text);
    for (int next = format.endOf(text, end); next >= 0; next = format.endOf(text, end)) {
      String record = new String(bytes, end, next - end, StandardCharsets.UTF_8);
      @Nullable String image = format.imageOf(record);
      if (image == null) {
        requireTexts(format.textsIn(record)); // differs after runs with different settings
        throw somethingElse();
      }
      most = Math.max(most, format.textsIn(record));
      earlier.computeIfAbsent(image, none -> new ArrayList<>(1)).add(new Place(end, next));
      end = next;
    }
    requireTexts(most);
    if (!format.mayBegin(text.substring(end))) {
      throw somethingElse();
    }
    channel.truncate(end);
    channel.position(end);
    if (end == 0) {
      write(format.header());
    }
  }

  private void requireTexts(int found) throws IOException {
    if (found != 0 && found != format.texts()) {
      throw otherNumber(found);
    }
  }

  private IOException otherNumber(int found) {
    return new IOException(
        String.format(
                Locale.ROOT,
                "%s: captions of an earlier run expected to be %d of each image as in this one, got"
                    + " %d; ",
                file,
                format.texts(),
                found)
            + "name another file, or ask for as many");
  }

  private int headerEnd(String text) throws IOException {
    String header = format.header();
    if (text.startsWith(header)) {
      return header.length();
    }
    if (header.startsWith(text)) {
      return 0; // a partial record
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
            + "name another file");
  }

  private void write(String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
