package io.github.blip2j.bench.search;

import io.github.blip2j.io.file.FolderLock;
import io.github.blip2j.search.store.Catalog;
import io.github.blip2j.search.store.IndexFolder;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.search.store.Segment;
import io.github.blip2j.search.store.SegmentWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/** Writes an index of made vectors, in the form that indexing photos writes. */
final class MadeIndex {
  private final MadeVectors made;

  MadeIndex(MadeVectors made) {
    this.made = made;
  }

  void write(Path path, int photos) throws IOException {
    var folder = new IndexFolder(path);
    folder.make();
    List<IndexedFile> files = new ArrayList<>();
    var segments = new TreeMap<Integer, Integer>();
    int most = Segment.mostRows(MadeVectors.MODEL);
    try (FolderLock lock = folder.lock()) {
      for (int number = 1; files.size() < photos; number++) {
        try (SegmentWriter segment = folder.segment(number, MadeVectors.MODEL)) {
          while (files.size() < photos && segment.rows() < most) {
            int photo = files.size();
            files.add(file(photo).in(number, segment.add(made.photo(photo))));
          }
          segment.publish();
          segments.put(number, segment.rows());
        }
      }
      folder.replace(Catalog.empty(MadeVectors.MODEL).with(segments, files));
    }
  }

  private static IndexedFile file(int photo) {
    String path = String.format(Locale.ROOT, "/made/photos/%03d/IMG_%06d.jpg", photo / 1000, photo);
    String hash = String.format(Locale.ROOT, "%064x", photo);
    return IndexedFile.unplaced(path, 1, photo).withContent(hash, IndexedFile.UNKNOWN);
  }
}
