package io.github.blip2j.search;

import io.github.blip2j.generation.logits.TopCandidates;
import io.github.blip2j.io.file.FolderLock;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.search.store.Catalog;
import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.search.store.IndexFolder;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.search.store.Snapshot;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * An index of the photos in folders, kept on disk, and searches in it by texts and pictures.
 *
 * <pre>{@code
 * ImageEmbedder embedder = MatcherEmbedder.of(matcher, List.of(model));
 * PhotoIndex index = PhotoIndex.openOrCreate(folder, embedder.model());
 * index.update(photos, embedder, IndexOptions.defaults(), IndexListener.NONE);
 * List<PhotoHit> hits = index.search(PhotoQuery.text("two cats").top(20), embedder);
 * }</pre>
 *
 * <p>Every photo has the model's vectors of all queries, in float32 and in bytes. A search compares
 * all of them, in mapped memory; the heap holds the list of files, some 350 bytes each. Files are
 * known by path, length and time, and their content by its SHA-256: a moved or copied file is not
 * looked at again.
 *
 * <p>One process at a time may {@linkplain #update change} an index; searches go on meanwhile, in
 * the state that they have opened. A process killed at any moment loses what it did in the last 20
 * seconds, or in the last minute where the list of files takes seconds to write. Safe for many
 * threads.
 */
public final class PhotoIndex {
  private final IndexFolder folder;
  private volatile Snapshot snapshot;
  private volatile @Nullable Object stamp; // of the snapshot, or an older one

  private PhotoIndex(IndexFolder folder) throws IOException {
    this.folder = folder;
    this.stamp = folder.stamp();
    this.snapshot = folder.open();
  }

  /** The usual place of the index of a folder of photos, {@code .blip2-index} in it. */
  public static Path usualFolder(Path photos) {
    return photos.resolve(IndexFolder.USUAL_NAME);
  }

  /** Whether a folder holds an index. */
  public static boolean isIn(Path folder) {
    return new IndexFolder(folder).exists();
  }

  /**
   * Opens an index. It needs no right to write, and no model.
   *
   * @throws IndexException if there is none, or it is of another version or damaged
   */
  public static PhotoIndex open(Path folder) throws IOException {
    return new PhotoIndex(new IndexFolder(folder));
  }

  /**
   * Opens an index for a model.
   *
   * @throws IndexException if there is none, or it is of another model or version, or damaged
   */
  public static PhotoIndex open(Path folder, IndexModel model) throws IOException {
    PhotoIndex index = open(folder);
    index.require(model);
    return index;
  }

  /**
   * Opens an index for a model, and makes it before if there is none.
   *
   * @throws IndexException if the folder holds other files, or the index is of another model or
   *     version, or damaged
   */
  public static PhotoIndex openOrCreate(Path folder, IndexModel model) throws IOException {
    var place = new IndexFolder(folder);
    place.make();
    if (!place.exists()) {
      try (FolderLock lock = place.lock()) {
        if (!place.exists()) {
          place.replace(Catalog.empty(model));
        }
      }
    }
    return open(folder, model);
  }

  private void require(IndexModel other) throws IndexException {
    IndexModel own = model();
    if (!own.agrees(other)) {
      throw new IndexException(
          folder.path()
              + ": index of the model "
              + other
              + " expected, got one of "
              + own
              + "; give that model, or index again into another folder");
    }
  }

  /** The model that the index is of. */
  public IndexModel model() {
    return snapshot.catalog().model();
  }

  /** The index's folder. */
  public Path folder() {
    return folder.path();
  }

  /** The number of files. */
  public int size() {
    return snapshot.catalog().files().size();
  }

  /** The state that searches see, for {@linkplain CandidateSource sources of candidates}. */
  public Snapshot snapshot() {
    return snapshot;
  }

  /** All photos, by path. */
  public List<Photo> photos() {
    return snapshot.catalog().files().stream().map(Photo::new).toList();
  }

  /** The files of this content, by its SHA-256 in hexadecimal digits; none if it has none. */
  public List<Photo> photos(String sha256) {
    return snapshot.catalog().files().stream()
        .filter(file -> file.sha256().equals(sha256))
        .map(Photo::new)
        .toList();
  }

  /** Opens the state that another process has written since. */
  public void refresh() throws IOException {
    @Nullable Object now = folder.stamp(); // before, so that a writer meanwhile is seen next time
    snapshot = folder.open();
    stamp = now;
  }

  /**
   * As {@link #refresh}, if another process has written since; it takes no time otherwise.
   *
   * @return whether it has
   */
  public boolean refreshIfChanged() throws IOException {
    if (Objects.equals(stamp, folder.stamp())) {
      return false;
    }
    refresh();
    return true;
  }

  /**
   * Brings the index to the state of a folder and the folders in it: new, changed, moved and
   * removed photos. Files of other folders stay. Files that are no images, or too large, are
   * reported and left out.
   *
   * @param photos the folder; links lead to the real one
   * @throws IllegalStateException if another indexer is at work
   * @throws IndexException if the folder is not there, or none of its images in the index is
   */
  public IndexUpdate update(
      Path photos, ImageEmbedder embedder, IndexOptions options, IndexListener listener)
      throws IOException {
    require(embedder.model());
    if (!Files.isDirectory(photos)) {
      throw new IndexException(
          PathName.of(photos) + ": folder of photos expected, got none; check the path");
    }
    Path root = photos.toRealPath();
    try (FolderLock lock = folder.lock()) {
      Catalog catalog = folder.catalog();
      folder.clean(catalog);
      FolderWalk walk = FolderWalk.of(root, folder.path().toRealPath(), options.followLinks());
      var indexer = new Indexer(folder, catalog, embedder, options, listener);
      IndexUpdate update = indexer.run(walk, PathName.of(root));
      refresh();
      return update;
    }
  }

  /**
   * Adds photos with vectors that were made elsewhere, and looks at none of them: files are hashed
   * alone. A later {@link #update} finds them unchanged. Other files stay as they are. Photos that
   * are not there, that have changed since, or whose vectors are no such vectors, are reported and
   * left out.
   *
   * @param photos in any order; read once, one after the other
   * @param model that made the vectors
   * @param listener told how many are done; how many there are is not known
   * @throws IllegalStateException if an indexer is at work
   * @throws IndexException if the index is of another model
   */
  public IndexUpdate add(Iterator<EmbeddedPhoto> photos, IndexModel model, IndexListener listener)
      throws IOException {
    require(model);
    try (FolderLock lock = folder.lock()) {
      Catalog catalog = folder.catalog();
      folder.clean(catalog);
      IndexUpdate update = new IndexImport(folder, catalog, listener).run(photos);
      refresh();
      return update;
    }
  }

  /**
   * Writes all vectors as few files, without those of removed photos. {@link #update} does as much
   * of this as is worth it.
   *
   * @throws IllegalStateException if an indexer is at work
   */
  public void compact() throws IOException {
    try (FolderLock lock = folder.lock()) {
      Catalog catalog = folder.catalog();
      Compaction compaction = Compaction.ofAll(catalog);
      folder.clean(compaction.isEmpty() ? catalog : compaction.run(folder, catalog));
      refresh();
    }
  }

  /**
   * The best photos for a query, the best first.
   *
   * @throws IndexException if the index is of another model
   * @throws IOException if a photo to look at again is there as it was indexed, and cannot be read
   */
  public List<PhotoHit> search(PhotoQuery query, ImageEmbedder embedder) throws IOException {
    return search(query, embedder, CandidateSource.SCAN);
  }

  /**
   * The best photos for a query, the best first, of those that a source proposes. Pictures as
   * queries, and {@linkplain PhotoQuery#exact exact} ones, are compared with all photos whatever
   * the source.
   *
   * @throws IndexException if the index, or the source, is of another model
   * @throws IOException if a photo to look at again is there as it was indexed, and cannot be read
   */
  public List<PhotoHit> search(PhotoQuery query, ImageEmbedder embedder, CandidateSource source)
      throws IOException {
    require(embedder.model());
    Snapshot now = snapshot;
    @Nullable String text = query.text();
    TopCandidates best = best(query, now, embedder, source);
    List<PhotoHit> hits = new ArrayList<>();
    for (int i = 0; i < best.size(); i++) {
      hits.add(hit(now, (int) best.place(i), best.key(i), query.filter()));
    }
    if (text != null && query.rerank() > 0) {
      int looked = Math.min(query.rerank(), hits.size());
      List<PhotoHit> reranked = new Reranking(text, embedder).of(hits.subList(0, looked));
      reranked.addAll(hits.subList(looked, hits.size()));
      hits = reranked;
    }
    return List.copyOf(hits.subList(0, Math.min(query.top(), hits.size())));
  }

  private static TopCandidates best(
      PhotoQuery query, Snapshot now, ImageEmbedder embedder, CandidateSource source)
      throws IOException {
    int wanted = Math.min(Math.max(query.top(), query.rerank()), now.rows());
    IntPredicate accepted = row -> accepts(now, row, query.filter());
    @Nullable String text = query.text();
    if (text == null) {
      VectorScan scan = VectorScan.ofImage(now, vectors(query, embedder));
      return query.isExact() ? scan.exact(wanted, accepted) : scan.fast(wanted, accepted);
    }
    float[] vector = embedder.embed(text);
    VectorScan scan = VectorScan.ofText(now, vector);
    if (query.isExact()) {
      return scan.exact(wanted, accepted);
    }
    int[] proposed = source.candidates(now, vector, VectorScan.candidates(wanted), accepted);
    return scan.of(proposed, wanted, accepted);
  }

  private static float[] vectors(PhotoQuery query, ImageEmbedder embedder) {
    Image image = Objects.requireNonNull(query.image());
    return embedder.embed(List.of(embedder.fit(image))).get(0);
  }

  private static boolean accepts(Snapshot now, int row, PhotoFilter filter) {
    return filter.isAll() ? now.isUsed(row) : now.files(row).stream().anyMatch(filter::accepts);
  }

  private static PhotoHit hit(Snapshot now, int row, double score, PhotoFilter filter) {
    List<IndexedFile> files = new ArrayList<>(now.files(row));
    Set<IndexedFile> there =
        files.size() == 1
            ? Set.of()
            : files.stream()
                .filter(file -> PhotoState.of(file) == PhotoState.PRESENT)
                .collect(Collectors.toSet());
    files.sort( // stable
        Comparator.comparing((IndexedFile file) -> !filter.accepts(file))
            .thenComparing(file -> !there.contains(file)));
    List<Photo> photos = files.stream().map(Photo::new).toList();
    return new PhotoHit(photos.get(0), score, null, photos.subList(1, photos.size()));
  }

  /**
   * Groups of photos that are equal or nearly so, the largest groups first. A photo that is like
   * two others joins them.
   *
   * @param threshold the least similarity of images that are duplicates, 1 for files of equal
   *     content alone; some 0.95 finds smaller and cropped versions
   * @throws IllegalArgumentException if it is not above 0 and at most 1, or there are more than 2
   *     GiB of means of vectors to compare, some 2 million photos
   */
  public List<PhotoGroup> duplicates(double threshold) {
    return new NearDuplicates(snapshot, threshold).groups();
  }
}
