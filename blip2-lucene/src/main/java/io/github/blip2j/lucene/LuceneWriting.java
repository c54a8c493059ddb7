package io.github.blip2j.lucene;

import io.github.blip2j.search.IndexListener;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.search.store.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.store.Directory;
import org.apache.lucene.util.Bits;
import org.jspecify.annotations.Nullable;

/**
 * One update of a Lucene index to the state of a photo index. It commits every minute, so that a
 * killed process loses little.
 */
final class LuceneWriting {
  private final LuceneFolder folder;
  private final Snapshot photos;
  private final IndexListener listener;

  /** Nanoseconds between two commits; with 0, as in tests, every photo is committed. */
  private final long interval = Long.getLong("blip2.lucene.commitMillis", 60_000) * 1_000_000;

  LuceneWriting(LuceneFolder folder, Snapshot photos, IndexListener listener) {
    this.folder = folder;
    this.photos = photos;
    this.listener = listener;
  }

  LuceneUpdate run(Directory directory) throws IOException {
    IndexWriter writer = folder.writer(directory);
    boolean complete = false;
    try {
      Set<String> there = contents(directory);
      Map<String, Integer> rows = rows();
      int removed = 0;
      for (String content : there) {
        if (!rows.containsKey(content)) {
          writer.deleteDocuments(PhotoBlock.term(content));
          removed++;
        }
      }
      List<Integer> fresh = new ArrayList<>();
      rows.forEach(
          (content, row) -> {
            if (!there.contains(content)) {
              fresh.add(row);
            }
          });
      Collections.sort(fresh); // in the order of the files
      int added = add(fresh, writer);
      writer.commit();
      complete = true;
      return new LuceneUpdate(added, removed, there.size() - removed, added < fresh.size());
    } finally {
      if (complete) {
        writer.close();
      } else {
        writer.rollback(); // to the last commit
      }
    }
  }

  private int add(List<Integer> rows, IndexWriter writer) throws IOException {
    IndexModel model = photos.catalog().model();
    float[] vectors = new float[model.numbers()];
    long committed = System.nanoTime();
    int added = 0;
    for (int row : rows) {
      if (listener.shouldStop()) {
        break;
      }
      photos.read(row, vectors);
      writer.addDocuments(PhotoBlock.of(photos.sha256(row), vectors, model.width()));
      added++;
      if (System.nanoTime() - committed >= interval) {
        writer.commit();
        committed = System.nanoTime();
      }
      listener.done(added, rows.size());
    }
    return added;
  }

  /** A row of each content of the photo index. */
  private Map<String, Integer> rows() {
    Map<String, Integer> rows = new HashMap<>();
    for (int row = 0; row < photos.rows(); row++) {
      if (photos.isUsed(row)) {
        rows.putIfAbsent(photos.sha256(row), row);
      }
    }
    return rows;
  }

  /** The content that the last commit has. */
  private Set<String> contents(Directory directory) throws IOException {
    Set<String> contents = new HashSet<>();
    try (DirectoryReader reader = folder.open(directory)) {
      for (LeafReaderContext leaf : reader.leaves()) {
        @Nullable BinaryDocValues values = leaf.reader().getBinaryDocValues(PhotoBlock.CONTENT);
        @Nullable Bits live = leaf.reader().getLiveDocs();
        while (values != null && values.nextDoc() != DocIdSetIterator.NO_MORE_DOCS) {
          if (live == null || live.get(values.docID())) {
            contents.add(values.binaryValue().utf8ToString());
          }
        }
      }
    }
    return contents;
  }
}
