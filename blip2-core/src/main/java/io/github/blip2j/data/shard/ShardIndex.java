package io.github.blip2j.data.shard;

import io.github.blip2j.data.DataException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarFile;
import org.jspecify.annotations.Nullable;

/**
 * Where the samples of one shard are: for each the places of its image, its text and its JSON. The
 * members of a sample lie side by side and have the same name up to the first dot of the last part,
 * as WebDataset groups them.
 */
final class ShardIndex {
  private static final int BLOCK = 512; // of a tar file
  private static final int FIELDS = Member.values().length;
  private static final String COPY = "copy or download it again";
  private static final Set<String> IMAGES =
      Set.of("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff");

  private final Path file;
  private long[] offsets = new long[FIELDS * 64]; // image, text and JSON of each sample in turn
  private int[] lengths = new int[FIELDS * 64]; // -1 if the sample has no such member
  private int size;
  private int unpaired;

  /** The kinds of members that a sample may have. */
  enum Member {
    /** The image. */
    IMAGE(0),
    /** A caption. */
    TEXT(1),
    /** A record. */
    JSON(2);

    private final int field; // among those of a sample

    Member(int field) {
      this.field = field;
    }

    static @Nullable Member of(String extension) {
      if (IMAGES.contains(extension)) {
        return IMAGE;
      }
      return extension.equals("txt") ? TEXT : extension.equals("json") ? JSON : null;
    }
  }

  private ShardIndex(Path file) {
    this.file = file;
  }

  /**
   * Reads the headers of a shard.
   *
   * @throws DataException if it is no whole tar file, a key comes twice, or a sample has two images
   *     or, unless they are to be skipped, lacks image or text
   */
  static ShardIndex read(Path file, ShardSet.Unpaired rule) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new DataException(file + ": shard expected, got no file; check name and braces");
    }
    requireUncompressed(file);
    var index = new ShardIndex(file);
    try (var tar = new TarFile(file)) {
      List<TarArchiveEntry> entries = tar.getEntries();
      index.requireWhole(entries);
      index.group(entries, rule);
    } catch (DataException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) { // what the tar reader throws
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: shard expected a whole tar file, got a truncated or damaged one (%s); %s",
              file,
              e.getMessage(),
              COPY),
          e);
    }
    index.offsets = Arrays.copyOf(index.offsets, FIELDS * index.size);
    index.lengths = Arrays.copyOf(index.lengths, FIELDS * index.size);
    return index;
  }

  private static void requireUncompressed(Path file) throws IOException {
    byte[] begin;
    try (InputStream bytes = Files.newInputStream(file)) {
      begin = bytes.readNBytes(2);
    }
    boolean gzip = begin.length == 2 && (begin[0] & 0xFF) == 0x1F && (begin[1] & 0xFF) == 0x8B;
    if (gzip || !file.toString().toLowerCase(Locale.ROOT).endsWith(".tar")) {
      throw new DataException(
          file + ": shard expected as a plain tar file, got a compressed one; gunzip it");
    }
  }

  /** Checks that the last member is followed by the zeros that end a tar file, and no more. */
  private void requireWhole(List<TarArchiveEntry> entries) throws IOException {
    long end = 0;
    for (TarArchiveEntry each : entries) {
      if (!each.isCheckSumOK()) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: header of %s expected with its checksum, got another; %s",
                file,
                each.getName(),
                COPY));
      }
      if (each.getDataOffset() >= 0) {
        long padded = (each.getSize() + BLOCK - 1) / BLOCK * BLOCK;
        end = Math.max(end, each.getDataOffset() + padded);
      }
    }
    try (var bytes = new RandomAccessFile(file.toFile(), "r")) {
      long length = bytes.length();
      if (length < end + BLOCK) {
        throw new DataException(
            String.format(
                Locale.ROOT,
                "%s: shard expected to end with empty blocks after %d bytes, got %d bytes; %s",
                file,
                end,
                length,
                COPY));
      }
      requireZeros(bytes, end, length);
    }
  }

  private void requireZeros(RandomAccessFile bytes, long from, long to) throws IOException {
    bytes.seek(from);
    byte[] block = new byte[1 << 16];
    for (long at = from; at < to; ) {
      int count = bytes.read(block, 0, (int) Math.min(block.length, to - at));
      for (int i = 0; i < count; i++) {
        if (block[i] != 0) {
          throw new DataException(
              String.format(
                  Locale.ROOT,
                  "%s: shard expected to end after its empty blocks, got more at byte %d; join"
                      + " archives with tar --concatenate",
                  file,
                  at + i));
        }
      }
      if (count <= 0) {
        return;
      }
      at += count;
    }
  }

  private void group(List<TarArchiveEntry> entries, ShardSet.Unpaired rule) throws DataException {
    Set<String> keys = new HashSet<>();
    String current = "";
    for (TarArchiveEntry each : entries) {
      @Nullable String key = each.isFile() ? key(each.getName()) : null;
      if (key != null) {
        if (!key.equals(current)) {
          finish(current, rule);
          current = key;
          begin();
          if (!keys.add(key)) {
            throw new DataException(
                String.format(
                    Locale.ROOT,
                    "%s: sample %s expected once and its members side by side, got it again; give"
                        + " each sample a name of its own",
                    file,
                    key));
          }
        }
        add(key, each);
      }
    }
    finish(current, rule);
  }

  /** The name up to the first dot of its last part; null if there is nothing before it. */
  static @Nullable String key(String name) {
    int slash = name.lastIndexOf('/');
    int dot = name.indexOf('.', slash + 1);
    boolean hidden = dot <= slash + 1; // also without a dot
    return hidden || name.startsWith("__", slash + 1) ? null : name.substring(0, dot);
  }

  private void begin() {
    if ((size + 1) * FIELDS > lengths.length) {
      offsets = Arrays.copyOf(offsets, 2 * offsets.length);
      lengths = Arrays.copyOf(lengths, 2 * lengths.length);
    }
    Arrays.fill(lengths, size * FIELDS, (size + 1) * FIELDS, -1);
  }

  private void add(String key, TarArchiveEntry entry) throws DataException {
    String extension = entry.getName().substring(key.length() + 1).toLowerCase(Locale.ROOT);
    @Nullable Member kind = Member.of(extension);
    if (kind == null) {
      return; // such as the .cls of a class, which nothing here asks for
    }
    requireFile(entry);
    int at = size * FIELDS + kind.field;
    if (lengths[at] >= 0) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: sample %s expected one %s, got another with %s; leave one out",
              file,
              key,
              kind.name().toLowerCase(Locale.ROOT),
              entry.getName()));
    }
    if (entry.getSize() > Integer.MAX_VALUE - 8 || entry.isSparse()) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: member %s expected less than 2 GiB and whole, got %d bytes",
              file,
              entry.getName(),
              entry.getSize()));
    }
    offsets[at] = entry.getDataOffset();
    lengths[at] = (int) entry.getSize();
  }

  private void requireFile(TarArchiveEntry entry) throws DataException {
    boolean device = entry.isFIFO() || entry.isCharacterDevice() || entry.isBlockDevice();
    if (entry.isLink() || entry.isSymbolicLink() || device) {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: member %s expected a file, got a %s; write the shard with tar --dereference"
                  + " --hard-dereference",
              file,
              entry.getName(),
              device ? "device" : "link"));
    }
  }

  private void finish(String key, ShardSet.Unpaired rule) throws DataException {
    if (key.isEmpty()) {
      return;
    }
    boolean image = has(size, Member.IMAGE);
    boolean text = has(size, Member.TEXT) || has(size, Member.JSON);
    if (image && text) {
      size++;
    } else if (rule == ShardSet.Unpaired.SKIP) {
      unpaired++;
    } else {
      throw new DataException(
          String.format(
              Locale.ROOT,
              "%s: sample %s expected an image and a .txt or .json, got %s; add it, or skip such"
                  + " samples (--skip-faulty)",
              file,
              key,
              image
                  ? "the image alone"
                  : text ? "the text alone" : "neither (a sample's name ends at the first dot)"));
    }
  }

  Path file() {
    return file;
  }

  int size() {
    return size;
  }

  /** The number of samples that were left out because image or text is missing. */
  int unpaired() {
    return unpaired;
  }

  boolean has(int sample, Member kind) {
    return lengths[sample * FIELDS + kind.field] >= 0;
  }

  /** The size of a member. */
  int length(int sample, Member kind) {
    return lengths[sample * FIELDS + kind.field];
  }

  /** The bytes of a member. */
  byte[] read(RandomAccessFile bytes, int sample, Member kind) throws IOException {
    int at = sample * FIELDS + kind.field;
    byte[] content = new byte[lengths[at]];
    bytes.seek(offsets[at]);
    bytes.readFully(content);
    return content;
  }

  /** The key of a sample, from the header before its image; long ones are cut there. */
  String key(RandomAccessFile bytes, int sample) throws IOException {
    byte[] header = new byte[BLOCK];
    bytes.seek(offsets[sample * FIELDS + Member.IMAGE.field] - BLOCK);
    bytes.readFully(header);
    String name = new TarArchiveEntry(header).getName();
    @Nullable String key = key(name);
    return key == null ? name : key;
  }
}
