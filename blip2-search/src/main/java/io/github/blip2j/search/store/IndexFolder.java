package io.github.blip2j.search.store;

import io.github.blip2j.io.file.FolderLock;
import io.github.blip2j.io.file.LeftOvers;
import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of an index.
 *
 * <p>Crash rule: segments are complete and durable before a catalog names them, and the catalog is
 * replaced atomically. A process killed at any moment therefore leaves the catalog before or after
 * its last step, and at most files that no catalog names; the next writer removes those. Readers
 * need no lock: files are never changed, only removed after a newer catalog is in place.
 */
public final class IndexFolder {
  /** The usual name, below the folder of photos. */
  public static final String USUAL_NAME = ".blip2-index";

  private static final Logger LOG = LoggerFactory.getLogger(IndexFolder.class);
  private static final FolderLock.Owner OWNER =
      new FolderLock.Owner("index", "an indexer", "another indexer");
  private static final Pattern SEGMENT = Pattern.compile("segment-\\d{6,}\\.(f32|u8)");
  private static final int TRIES = 5;

  private final Path folder;

  /** A folder, which need not exist. */
  public IndexFolder(Path folder) {
    this.folder = folder;
  }

  /** The path. */
  public Path path() {
    return folder;
  }

  /** Whether there is an index. */
  public boolean exists() {
    return Catalog.isIn(folder);
  }

  /**
   * Makes the folder unless it exists.
   *
   * @throws IndexException if it holds other files
   */
  public void make() throws IOException {
    OutputFile.makeFolder(folder);
    if (exists()) {
      return;
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<String> others =
          files
              .map(file -> String.valueOf(file.getFileName()))
              .filter(name -> !isOurs(name))
              .sorted()
              .toList();
      if (!others.isEmpty()) {
        throw new IndexException(
            folder
                + ": index or an empty folder expected, got other files such as "
                + others.get(0)
                + "; name another --index");
      }
    }
  }

  private static boolean isOurs(String name) {
    return SEGMENT.matcher(name).matches()
        || name.equals(FolderLock.NAME)
        || name.equals(Catalog.NAME)
        || (name.startsWith(".") && name.endsWith(".tmp"));
  }

  /**
   * Locks the folder for a writer.
   *
   * @throws IllegalStateException if another indexer is at work
   */
  public FolderLock lock() throws IOException {
    return FolderLock.take(folder, OWNER);
  }

  /** The catalog as it is now. */
  public Catalog catalog() throws IOException {
    try {
      return Catalog.read(folder);
    } catch (NoSuchFileException e) {
      throw new IndexException(
          folder + ": index expected, got none; make one with blip2 index FOLDER", e);
    }
  }

  /**
   * Changes whenever a writer has replaced the catalog; null if there is none.
   *
   * @return a value to compare with {@code equals}
   */
  public @Nullable Object stamp() {
    try {
      BasicFileAttributes now =
          Files.readAttributes(folder.resolve(Catalog.NAME), BasicFileAttributes.class);
      return List.of(now.lastModifiedTime(), now.size(), String.valueOf(now.fileKey()));
    } catch (IOException e) {
      return null;
    }
  }

  /** Catalog and segments as they are now. */
  public Snapshot open() throws IOException {
    for (int left = TRIES; ; left--) {
      Catalog catalog = catalog();
      try {
        List<Segment> segments = new ArrayList<>();
        for (Map.Entry<Integer, Integer> each : catalog.segments().entrySet()) {
          segments.add(Segment.open(folder, each.getKey(), each.getValue(), catalog.model()));
        }
        return new Snapshot(catalog, segments);
      } catch (NoSuchFileException e) {
        // A writer replaced the catalog meanwhile, and removed what the old one names.
        if (left == 1) {
          throw new IndexException(
              e.getFile() + ": segment expected, got none; remove the folder and index again", e);
        }
      }
    }
  }

  /** Starts a segment; for the holder of the lock. */
  public SegmentWriter segment(int number, IndexModel model) throws IOException {
    return SegmentWriter.create(folder, number, model);
  }

  /** Replaces the catalog; for the holder of the lock. */
  public void replace(Catalog catalog) throws IOException {
    catalog.write(folder);
  }

  /** Removes what the catalog does not name; for the holder of the lock. */
  public void clean(Catalog catalog) throws IOException {
    LeftOvers.remove(folder, name -> true);
    Set<String> named = new TreeSet<>();
    for (int number : catalog.segments().keySet()) {
      named.add(Segment.floatsName(number));
      named.add(Segment.bytesName(number));
    }
    List<Path> orphans;
    try (Stream<Path> files = Files.list(folder)) {
      orphans =
          files
              .filter(file -> SEGMENT.matcher(String.valueOf(file.getFileName())).matches())
              .filter(file -> !named.contains(String.valueOf(file.getFileName())))
              .toList();
    }
    for (Path orphan : orphans) {
      try {
        Files.deleteIfExists(orphan);
      } catch (IOException e) { // Windows removes no mapped file; a later writer does
        LOG.debug("{}: stays until the next run: {}", orphan, e.toString());
      }
    }
  }
}
