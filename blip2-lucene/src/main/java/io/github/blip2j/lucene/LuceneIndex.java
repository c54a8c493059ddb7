package io.github.blip2j.lucene;

import io.github.blip2j.search.CandidateSource;
import io.github.blip2j.search.IndexListener;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.search.store.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexReader;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.SearcherFactory;
import org.apache.lucene.search.SearcherManager;
import org.apache.lucene.search.join.BitSetProducer;
import org.apache.lucene.search.join.DiversifyingChildrenFloatKnnVectorQuery;
import org.apache.lucene.store.Directory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A graph of neighbours in Lucene that proposes the photos of a text, so that a search need not
 * compare all vectors of a {@link PhotoIndex}.
 *
 * <pre>{@code
 * try (LuceneIndex lucene = LuceneIndex.openOrCreate(folder, photos.model())) {
 *   lucene.update(photos, IndexListener.NONE);
 *   List<PhotoHit> hits = photos.search(PhotoQuery.text("two cats"), embedder, lucene);
 * }
 * }</pre>
 *
 * <p>It holds the vectors by the SHA-256 of the photos, and nothing of their files; so moved and
 * copied files need no update, and the photo index's own filters hold. It may be older than the
 * photo index: photos that it does not have are proposed in every search, or all photos are
 * compared where there are many of those. Graphs are searched approximately: a photo may be missed,
 * though its place among those found is exact.
 *
 * <p>One process at a time may {@linkplain #update change} it. Safe for many threads.
 */
public final class LuceneIndex implements CandidateSource, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LuceneIndex.class);
  private static final String USUAL_NAME = ".blip2-lucene";
  private static final int MOST_MISSING = 1000; // beyond, one pass over all is as fast

  private final LuceneFolder folder;
  private final IndexModel model;
  private final Directory directory;
  private final SearcherManager searchers;
  private final BitSetProducer parents = PhotoBlock.parents();
  private volatile @Nullable RowMap lastRows;

  private LuceneIndex(
      LuceneFolder folder, IndexModel model, Directory directory, SearcherManager searchers) {
    this.folder = folder;
    this.model = model;
    this.directory = directory;
    this.searchers = searchers;
  }

  /** The usual place beside the index of a folder of photos, {@code .blip2-lucene} in it. */
  public static Path usualFolder(Path photos) {
    return photos.resolve(USUAL_NAME);
  }

  /**
   * Opens an index. It needs no right to write.
   *
   * @throws IndexException if there is none, or it is of another model or version, or damaged
   */
  public static LuceneIndex open(Path path, IndexModel model) throws IOException {
    var folder = new LuceneFolder(path);
    if (!Files.isDirectory(path)) {
      throw folder.none();
    }
    Directory directory = folder.directory();
    @Nullable DirectoryReader reader = null;
    boolean opened = false;
    try {
      reader = folder.open(directory);
      IndexModel own = CommitData.model(path, reader.getIndexCommit().getUserData());
      CommitData.require(path, own, model);
      var searchers = new SearcherManager(reader, new Uncached());
      opened = true;
      return new LuceneIndex(folder, own, directory, searchers);
    } finally {
      if (!opened) {
        try (directory) {
          if (reader != null) {
            reader.close();
          }
        }
      }
    }
  }

  /**
   * Opens an index, and makes an empty one before if there is none.
   *
   * @throws IndexException if the folder holds other files, or the index is of another model or
   *     version, or damaged, or Lucene does not take vectors of this length
   * @throws IllegalStateException if another one is making it
   */
  public static LuceneIndex openOrCreate(Path path, IndexModel model) throws IOException {
    new LuceneFolder(path).make(model);
    return open(path, model);
  }

  /** Every set of documents is asked for once. */
  private static final class Uncached extends SearcherFactory {
    @Override
    public IndexSearcher newSearcher(IndexReader reader, @Nullable IndexReader previous) {
      var searcher = new IndexSearcher(reader);
      searcher.setQueryCache(null);
      return searcher;
    }
  }

  /** The model that the index is of. */
  public IndexModel model() {
    return model;
  }

  /** The number of photos of different content. */
  public int size() throws IOException {
    IndexSearcher searcher = searchers.acquire();
    try {
      return searcher.getIndexReader().numDocs() / (model.queries() + 1);
    } finally {
      searchers.release(searcher);
    }
  }

  /** How many photos of different content a photo index has that this has not. */
  public int missing(PhotoIndex photos) throws IOException {
    Snapshot now = photos.snapshot();
    CommitData.require(folder.path(), model, now.catalog().model());
    IndexSearcher searcher = searchers.acquire();
    try {
      return rows(searcher.getIndexReader(), now).missing().length;
    } finally {
      searchers.release(searcher);
    }
  }

  /**
   * Brings the index to the state of a photo index: adds what is new, removes what is gone. A
   * process killed at any moment leaves what it had a minute before.
   *
   * @param listener is told of added photos, and may end it early
   * @throws IllegalStateException if another one is updating it
   * @throws IndexException if the photo index is of another model
   */
  public LuceneUpdate update(PhotoIndex photos, IndexListener listener) throws IOException {
    Snapshot now = photos.snapshot();
    CommitData.require(folder.path(), model, now.catalog().model());
    LuceneUpdate update = new LuceneWriting(folder, now, listener).run(directory);
    refresh();
    return update;
  }

  /** Opens the state that another process has written since, if any. */
  public void refresh() throws IOException {
    searchers.maybeRefreshBlocking();
  }

  @Override
  public int[] candidates(Snapshot photos, float[] text, int count, IntPredicate accepted)
      throws IOException {
    CommitData.require(folder.path(), model, photos.catalog().model());
    IndexSearcher searcher = searchers.acquire();
    try {
      RowMap rows = rows(searcher.getIndexReader(), photos);
      if (rows.missing().length <= MOST_MISSING) {
        RowMap.Selection selection = rows.select(accepted);
        int[] found =
            selection.rows().length <= count
                ? selection.rows()
                : neighbours(searcher, rows, selection, text, count);
        if (found.length >= Math.min(count, selection.rows().length)) {
          IntStream missing = Arrays.stream(rows.missing()).filter(accepted);
          return IntStream.concat(Arrays.stream(found), missing).toArray();
        }
      }
    } finally {
      searchers.release(searcher);
    }
    return SCAN.candidates(photos, text, count, accepted);
  }

  /** Rows of the photos with the vectors that the graph leads to, each row once. */
  private int[] neighbours(
      IndexSearcher searcher, RowMap rows, RowMap.Selection selection, float[] text, int count)
      throws IOException {
    // Filtering costs a pass over all documents, so it is left out where nothing is filtered.
    @Nullable Query filter = selection.isAll() ? null : new SelectedChildren(selection.children());
    Query query =
        new DiversifyingChildrenFloatKnnVectorQuery(
            PhotoBlock.VECTOR, text, filter, count, parents);
    ScoreDoc[] found = searcher.search(query, count).scoreDocs;
    return Arrays.stream(found).mapToInt(each -> rows.row(each.doc)).toArray();
  }

  /** The rows of these states, kept until another is asked for. */
  private RowMap rows(IndexReader reader, Snapshot photos) throws IOException {
    @Nullable RowMap last = lastRows;
    return last != null && last.isOf(reader, photos) ? last : newRows(reader, photos);
  }

  private synchronized RowMap newRows(IndexReader reader, Snapshot photos) throws IOException {
    @Nullable RowMap last = lastRows;
    if (last != null && last.isOf(reader, photos)) { // by another thread meanwhile
      return last;
    }
    RowMap rows = RowMap.of(reader, photos);
    int missing = rows.missing().length;
    if (missing > 0) {
      LOG.warn(
          "{}: older than the index of photos, of which it lacks {}; each search compares {}, until"
              + " it is updated",
          folder.path(),
          missing,
          missing <= MOST_MISSING ? "those too" : "all photos");
    }
    lastRows = rows;
    return rows;
  }

  @Override
  public void close() throws IOException {
    try (directory) {
      searchers.close();
    }
  }
}
