package io.github.blip2j.search;

import io.github.blip2j.search.store.Catalog;
import io.github.blip2j.search.store.IndexFolder;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.search.store.Segment;
import io.github.blip2j.search.store.SegmentWriter;
import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Changes of an index under its lock. They are written every twenty seconds, so that a killed
 * process loses little. Where the list of all files is so long that writing it would take more than
 * a twentieth of the time, they are written less often, but once a minute.
 */
final class IndexEdit implements AutoCloseable {
  private static final int SHARE = 20; // of the time that writing may take: one in so many
  private static final int LONGEST = 3; // usual intervals between two commits

  /** Nanoseconds between two commits; with 0, as in tests, every change is written. */
  private final long usual = Long.getLong("blip2.search.commitMillis", 20_000) * 1_000_000;

  private final IndexFolder folder;
  private final TreeMap<String, IndexedFile> files = new TreeMap<>();
  private final Map<String, IndexedFile> byHash = new HashMap<>();
  private final TreeMap<Integer, Integer> segments = new TreeMap<>();
  private Catalog catalog;
  private @Nullable SegmentWriter segment;
  private boolean changed;
  private long written = System.nanoTime();
  private long interval = usual;

  IndexEdit(IndexFolder folder, Catalog catalog) {
    this.folder = folder;
    this.catalog = catalog;
    take(catalog);
  }

  private void take(Catalog current) {
    catalog = current;
    segments.clear();
    segments.putAll(current.segments());
    byHash.clear();
    for (IndexedFile file : current.files()) {
      files.put(file.path(), file);
      byHash.put(file.sha256(), file);
    }
  }

  Collection<IndexedFile> files() {
    return files.values();
  }

  @Nullable IndexedFile file(String path) {
    return files.get(path);
  }

  /** A file of this content, or null. */
  @Nullable IndexedFile withHash(String sha256) {
    return byHash.get(sha256);
  }

  Set<String> hashes() {
    return Set.copyOf(byHash.keySet());
  }

  /** Adds the vectors of an image; returns a file in their place, to be named. */
  IndexedFile add(float[] vectors) throws IOException {
    if (segment == null) {
      int behind = segments.isEmpty() ? 1 : segments.lastKey() + 1;
      segment = folder.segment(Math.max(catalog.nextSegment(), behind), catalog.model());
    }
    SegmentWriter open = segment;
    int row = open.add(vectors);
    IndexedFile place = IndexedFile.unplaced("", 0, 0).in(open.number(), row);
    if (open.rows() == Segment.mostRows(catalog.model())) {
      endSegment();
    }
    return place;
  }

  /** Adds a file, or replaces what is known of it. */
  void put(IndexedFile file) {
    files.put(file.path(), file);
    byHash.putIfAbsent(file.sha256(), file);
    changed = true;
  }

  /** Removes a file; false if there is none. */
  boolean remove(String path) {
    boolean there = files.remove(path) != null;
    changed |= there;
    return there;
  }

  /** Writes what changed if that is due. Where vectors are may change with it. */
  void commitIfDue() throws IOException {
    if (System.nanoTime() - written >= interval) {
      commit();
    }
  }

  private void commit() throws IOException {
    long before = System.nanoTime();
    endSegment();
    if (changed) {
      Catalog next = catalog.with(segments, files.values());
      folder.replace(next);
      catalog = next;
      changed = false;
    }
    long writing = System.nanoTime() - before;
    Compaction compaction = Compaction.of(catalog);
    if (!compaction.isEmpty()) {
      take(compaction.run(folder, catalog));
      folder.clean(catalog);
    }
    written = System.nanoTime();
    interval = Math.max(usual, Math.min(LONGEST * usual, SHARE * writing));
  }

  private void endSegment() throws IOException {
    @Nullable SegmentWriter open = segment;
    if (open != null) {
      open.publish();
      segments.put(open.number(), open.rows());
      segment = null;
      open.close();
    }
  }

  /** Writes what changed. */
  void finish() throws IOException {
    commit();
  }

  /** Removes what is unfinished, and what the catalog does not name. */
  @Override
  public void close() throws IOException {
    @Nullable SegmentWriter open = segment;
    segment = null;
    if (open != null) {
      open.close();
    }
    // As it is on the disk: writing it may have failed after it was in place.
    folder.clean(folder.catalog());
  }
}
