package io.github.blip2j.server.photos;

import io.github.blip2j.nn.CancellationToken;
import io.github.blip2j.search.MatcherEmbedder;
import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.server.models.ModelKind;
import io.github.blip2j.server.models.ModelSource;
import io.github.blip2j.server.models.ServedModel;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The index that a server searches, with one of its models. What an indexer writes meanwhile is
 * found by the next search.
 */
public final class PhotoSearch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PhotoSearch.class);

  private final PhotoIndex index;
  private final ModelSource source;
  private final Thumbnails thumbnails;

  // Of the model thread alone.
  private @Nullable ServedModel known;
  private @Nullable MatcherEmbedder embedder;

  private PhotoSearch(PhotoIndex index, ModelSource source, Thumbnails thumbnails) {
    this.index = index;
    this.source = source;
    this.thumbnails = thumbnails;
  }

  /**
   * Opens an index, whose model is among those of a server, or where it was when the index was
   * made.
   *
   * @param maxPixels the most pixels of a photo that is shown
   * @throws IndexException if there is no index, or its model is found in neither place
   */
  public static PhotoSearch open(
      Path folder, List<ModelSource> sources, Precision precision, long maxPixels)
      throws IOException {
    PhotoIndex index = PhotoIndex.open(folder);
    ModelSource source = served(index, sources);
    if (source == null) {
      source = own(index, sources, precision);
    }
    return new PhotoSearch(index, source, new Thumbnails(index, maxPixels));
  }

  private static @Nullable ModelSource served(PhotoIndex index, List<ModelSource> sources)
      throws IOException {
    for (ModelSource source : sources) {
      if (source.kind() == ModelKind.MATCH
          && MatcherEmbedder.digest(source.files()).equals(index.model().digest())) {
        return source;
      }
    }
    return null;
  }

  /** The model that the index names, if it is still there. */
  private static ModelSource own(PhotoIndex index, List<ModelSource> sources, Precision precision)
      throws IOException {
    List<String> names = new ArrayList<>(sources.stream().map(ModelSource::name).toList());
    try {
      if (MatcherEmbedder.digest(List.of()).equals(index.model().digest())) {
        return ModelSource.bundled(free("bundled-matcher", names), ModelKind.MATCH);
      }
      Path path = Path.of(index.model().name());
      if (MatcherEmbedder.digest(List.of(path)).equals(index.model().digest())) {
        String name = String.valueOf(path.getFileName()).replaceAll("[^A-Za-z0-9._-]", "_");
        return ModelSource.of(free(name, names), path, precision);
      }
    } catch (IOException | InvalidPathException e) {
      LOG.debug("the index's model", e); // told below
    }
    throw new IndexException(
        String.format(
            Locale.ROOT,
            "%s: the index's model %s expected among those that are served, got %s; name it with"
                + " --model, without an adapter",
            index.folder(),
            index.model(),
            names));
  }

  private static String free(String name, List<String> taken) {
    return taken.contains(name) ? name + "-of-index" : name;
  }

  /** The model that searches. */
  public ModelSource source() {
    return source;
  }

  /** The number of files, as of the last search. */
  public int size() {
    return index.size();
  }

  /** Small versions of the photos. */
  public Thumbnails thumbnails() {
    return thumbnails;
  }

  /**
   * Searches; for the model thread alone.
   *
   * @param model the loaded {@link #source}
   * @throws UnavailableIndexException if the index is gone, or was made anew with another model
   */
  public List<PhotoHit> search(ServedModel model, PhotoQuery query, CancellationToken token) {
    try {
      index.refreshIfChanged();
      MatcherEmbedder mine = embedder;
      if (mine == null || known != model) {
        mine = MatcherEmbedder.of(model.matcher(), source.files());
        embedder = mine;
        known = model;
      }
      return index.search(query, mine.with(model.matcher().withCancellation(token)));
    } catch (IOException e) {
      // Paths are the operator's, not the client's, to know.
      LOG.error("the index cannot be searched: {}", e.getMessage());
      throw new UnavailableIndexException(
          "index: one of the served model expected, got an error; see the server's log", e);
    }
  }

  @Override
  public void close() {
    thumbnails.close();
  }
}
