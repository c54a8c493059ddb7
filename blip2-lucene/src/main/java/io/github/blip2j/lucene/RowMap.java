package io.github.blip2j.lucene;

import io.github.blip2j.search.store.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntPredicate;
import org.apache.lucene.index.BinaryDocValues;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.ReaderUtil;
import org.apache.lucene.search.DocIdSetIterator;
import org.apache.lucene.util.Bits;
import org.apache.lucene.util.FixedBitSet;
import org.jspecify.annotations.Nullable;

/**
 * Which blocks of a state of Lucene are which rows of a state of the photo index, by their content.
 * Immutable.
 */
final class RowMap {
  private static final int NONE = -1;

  private final IndexReader reader;
  private final Snapshot photos;
  private final List<Leaf> leaves = new ArrayList<>();
  private final int[] missing;

  /** Blocks of a segment. */
  private static final class Leaf {
    private int[] parents = new int[64]; // last documents of blocks that are not removed, ascending
    private int[] rows = new int[64]; // of each, or NONE if the photo index has not its content
    private int size;

    void add(int parent, int row) {
      if (size == parents.length) {
        parents = Arrays.copyOf(parents, 2 * size);
        rows = Arrays.copyOf(rows, 2 * size);
      }
      parents[size] = parent;
      rows[size++] = row;
    }

    int row(int child) {
      int at = Arrays.binarySearch(parents, 0, size, child);
      return rows[at < 0 ? -at - 1 : at]; // the first parent behind it
    }
  }

  private RowMap(IndexReader reader, Snapshot photos) throws IOException {
    this.reader = reader;
    this.photos = photos;
    Map<String, Integer> rowOf = new HashMap<>();
    for (int row = 0; row < photos.rows(); row++) {
      if (photos.isUsed(row)) {
        rowOf.putIfAbsent(photos.sha256(row), row);
      }
    }
    var found = new BitSet(photos.rows());
    for (LeafReaderContext context : reader.leaves()) {
      var leaf = new Leaf();
      @Nullable BinaryDocValues values = context.reader().getBinaryDocValues(PhotoBlock.CONTENT);
      @Nullable Bits live = context.reader().getLiveDocs();
      while (values != null && values.nextDoc() != DocIdSetIterator.NO_MORE_DOCS) {
        if (live == null || live.get(values.docID())) {
          @Nullable Integer row = rowOf.remove(values.binaryValue().utf8ToString());
          leaf.add(values.docID(), row == null ? NONE : row);
          if (row != null) {
            found.set(row);
          }
        }
      }
      leaves.add(leaf);
    }
    this.missing = missing(photos, found);
  }

  /** Rows with files that no block is of. */
  private static int[] missing(Snapshot photos, BitSet found) {
    int[] rows = new int[photos.rows()];
    int count = 0;
    for (int row = 0; row < rows.length; row++) {
      if (photos.isUsed(row) && !found.get(row)) {
        rows[count++] = row;
      }
    }
    return Arrays.copyOf(rows, count);
  }

  static RowMap of(IndexReader reader, Snapshot photos) throws IOException {
    return new RowMap(reader, photos);
  }

  /** Whether it is of these states. */
  boolean isOf(IndexReader otherReader, Snapshot otherPhotos) {
    return reader.equals(otherReader) && photos == otherPhotos;
  }

  /** Rows of the photo index that Lucene does not have. */
  int[] missing() {
    return missing;
  }

  /** The row of a document that a search found. */
  int row(int document) {
    List<LeafReaderContext> contexts = reader.leaves();
    int leaf = ReaderUtil.subIndex(document, contexts);
    return leaves.get(leaf).row(document - contexts.get(leaf).docBase);
  }

  /** The blocks whose rows are accepted. */
  Selection select(IntPredicate accepted) {
    List<FixedBitSet> children = new ArrayList<>();
    int[] rows = new int[leaves.stream().mapToInt(leaf -> leaf.size).sum()];
    int count = 0;
    for (int i = 0; i < leaves.size(); i++) {
      Leaf leaf = leaves.get(i);
      var bits = new FixedBitSet(reader.leaves().get(i).reader().maxDoc());
      for (int block = 0, begin = 0; block < leaf.size; block++) {
        int parent = leaf.parents[block];
        int row = leaf.rows[block];
        if (row != NONE && accepted.test(row)) {
          bits.set(begin, parent); // removed blocks before it among them, which Lucene leaves out
          rows[count++] = row;
        }
        begin = parent + 1;
      }
      children.add(bits);
    }
    return new Selection(children, Arrays.copyOf(rows, count), count == rows.length);
  }

  /** Blocks that may be results. */
  static final class Selection {
    private final List<FixedBitSet> children;
    private final int[] rows;
    private final boolean all;

    private Selection(List<FixedBitSet> children, int[] rows, boolean all) {
      this.children = children;
      this.rows = rows;
      this.all = all;
    }

    /** The documents with vectors of each segment. */
    List<FixedBitSet> children() {
      return children;
    }

    /** The rows of the blocks. */
    int[] rows() {
      return rows;
    }

    /** Whether there are no other blocks. */
    boolean isAll() {
      return all;
    }
  }
}
