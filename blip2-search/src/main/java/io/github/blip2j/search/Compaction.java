package io.github.blip2j.search;

import io.github.blip2j.search.store.Catalog;
import io.github.blip2j.search.store.IndexFolder;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.search.store.Segment;
import io.github.blip2j.search.store.SegmentWriter;
import io.github.blip2j.search.store.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which segments should be written anew. Segments of one order of magnitude are joined when there
 * are eight of them, so a row is copied a few times at most; a segment of which a quarter is of
 * removed files is written without those.
 */
final class Compaction {
  private static final int FEW = 8; // also the base of the orders of magnitude
  private static final int PART = 4; // of a segment that may be unused: one in so many

  private final Set<Integer> segments;

  private Compaction(Set<Integer> segments) {
    this.segments = segments;
  }

  /** What an index needs. */
  static Compaction of(Catalog catalog) {
    Map<Integer, Set<Integer>> used = used(catalog);
    Map<Integer, Set<Integer>> byOrder = new TreeMap<>();
    Set<Integer> chosen = new TreeSet<>();
    int most = Segment.mostRows(catalog.model());
    for (Map.Entry<Integer, Integer> segment : catalog.segments().entrySet()) {
      int rows = segment.getValue();
      int live = used.getOrDefault(segment.getKey(), Set.of()).size();
      if (PART * (rows - live) >= rows) {
        chosen.add(segment.getKey());
      } else if (rows <= most / 2) {
        int order = (int) (Math.log(rows) / Math.log(FEW));
        byOrder.computeIfAbsent(order, any -> new TreeSet<>()).add(segment.getKey());
      }
    }
    byOrder.values().stream().filter(group -> group.size() >= FEW).forEach(chosen::addAll);
    return new Compaction(chosen);
  }

  private static Map<Integer, Set<Integer>> used(Catalog catalog) {
    Map<Integer, Set<Integer>> used = new HashMap<>();
    for (IndexedFile file : catalog.files()) {
      used.computeIfAbsent(file.segment(), segment -> new TreeSet<>()).add(file.row());
    }
    return used;
  }

  /** All segments as few ones, without the rows of removed files. */
  static Compaction ofAll(Catalog catalog) {
    Map<Integer, Set<Integer>> used = used(catalog);
    boolean whole =
        catalog.segments().entrySet().stream()
            .allMatch(each -> used.getOrDefault(each.getKey(), Set.of()).size() == each.getValue());
    boolean one = catalog.segments().size() <= 1;
    return new Compaction(whole && one ? Set.of() : catalog.segments().keySet());
  }

  boolean isEmpty() {
    return segments.isEmpty();
  }

  /** Writes the segments anew and then a catalog that names the new ones, which is returned. */
  Catalog run(IndexFolder folder, Catalog catalog) throws IOException {
    Snapshot snapshot = folder.open();
    TreeMap<Integer, Integer> kept = new TreeMap<>(catalog.segments());
    kept.keySet().removeAll(segments);
    List<IndexedFile> files = new ArrayList<>(catalog.files());
    Map<String, Integer> places = new HashMap<>();
    for (int i = 0; i < files.size(); i++) {
      places.put(files.get(i).path(), i);
    }
    float[] vectors = new float[catalog.model().numbers()];
    int[] rows = chosenRows(snapshot);
    int most = Segment.mostRows(catalog.model());
    for (int from = 0, next = catalog.nextSegment(); from < rows.length; from += most, next++) {
      try (SegmentWriter target = folder.segment(next, catalog.model())) {
        for (int i = from; i < Math.min(rows.length, from + most); i++) {
          snapshot.read(rows[i], vectors);
          int place = target.add(vectors);
          for (IndexedFile file : snapshot.files(rows[i])) {
            files.set(Objects.requireNonNull(places.get(file.path())), file.in(next, place));
          }
        }
        target.publish();
        kept.put(next, target.rows());
      }
    }
    Catalog compact = catalog.with(kept, files);
    folder.replace(compact);
    return compact;
  }

  /** The rows of the chosen segments that have files. */
  private int[] chosenRows(Snapshot snapshot) {
    int[] rows = new int[snapshot.rows()];
    int count = 0;
    List<Segment> all = snapshot.segments();
    for (int i = 0; i < all.size(); i++) {
      if (segments.contains(all.get(i).number())) {
        for (int row = snapshot.firstRow(i); row < snapshot.firstRow(i + 1); row++) {
          if (snapshot.isUsed(row)) {
            rows[count++] = row;
          }
        }
      }
    }
    return Arrays.copyOf(rows, count);
  }
}
