package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Images and texts to be searched for each other in two steps (section 4.4): comparison finds the
 * {@code k} most similar, and matching orders them.
 *
 * <p>It is designed for 5 000 images and 25 000 texts. Features are kept in the heap: 32 KiB for
 * each image of 32 queries and 256 numbers, 1 KiB for each text, and 12 bytes for each candidate.
 * The vision encoder's output is kept in a temporary file, 1.4 MiB for each image of ViT-g; each
 * search reads it once, image after image, so images are not encoded again. There is no matrix of
 * all pairs.
 *
 * <p>A pair that is a candidate in both directions is matched once. Not for use by several threads
 * at once.
 *
 * <pre>{@code
 * B images, N image tokens, Q queries, E vision width, P compared width
 * }</pre>
 */
public final class RetrievalIndex implements AutoCloseable {
  private static final int TEXTS_AT_ONCE = 64;
  private static final String TOKENS = ".tokens";
  private static final String FEATURES = ".features";

  private final Blip2Qformer model;
  private final int padId;
  private final TokenStore tokens;
  private final @Nullable TokenStore kept; // features of images, for a later run
  private final IndexJournal journal;
  private final List<float[]> images = new ArrayList<>(); // [Q * P]
  private final List<float[]> texts = new ArrayList<>(); // [P]
  private final List<int[]> words = new ArrayList<>();

  private RetrievalIndex(
      Blip2Qformer model,
      int padId,
      TokenStore tokens,
      @Nullable TokenStore kept,
      IndexJournal journal) {
    this.model = model;
    this.padId = padId;
    this.tokens = tokens;
    this.kept = kept;
    this.journal = journal;
  }

  /**
   * An empty index.
   *
   * @param padId the padding token of short texts, which masks hide
   * @param folder the folder of the temporary file
   */
  public static RetrievalIndex create(Blip2Qformer model, int padId, Path folder)
      throws IOException {
    return new RetrievalIndex(model, padId, TokenStore.in(folder), null, IndexJournal.NONE);
  }

  /**
   * An index that outlives its run: it begins with the images that an earlier one of the same id
   * had added, and takes numbers of texts and pairs from the journal. Images and texts are then
   * added in the same order, from number {@link #images()} on.
   *
   * @param padId the padding token of short texts, which masks hide
   * @param files begin of the names of its two files, {@code .tokens} and {@code .features}; {@link
   *     #remove} removes them
   * @param id of the work: other images, texts or another model have another one
   */
  public static RetrievalIndex resumable(
      Blip2Qformer model, int padId, Path files, String id, IndexJournal journal)
      throws IOException {
    TokenStore tokens = TokenStore.at(file(files, TOKENS), id);
    boolean open = false;
    try {
      TokenStore features = TokenStore.at(file(files, FEATURES), id);
      var index = new RetrievalIndex(model, padId, tokens, features, journal);
      index.restore(features);
      open = true;
      return index;
    } finally {
      if (!open) {
        tokens.close();
      }
    }
  }

  private void restore(TokenStore features) throws IOException {
    int count = Math.min(tokens.count(), features.count());
    tokens.keep(count);
    features.keep(count);
    for (int i = 0; i < count; i++) {
      try (var scope = Scope.open(model.backend())) {
        images.add(features.read(i).toFloats());
      }
    }
  }

  /** Removes the files of a {@linkplain #resumable resumable} index that is closed. */
  public static void remove(Path files) throws IOException {
    Files.deleteIfExists(file(files, TOKENS));
    Files.deleteIfExists(file(files, FEATURES));
  }

  private static Path file(Path files, String ending) {
    return files.resolveSibling(files.getFileName() + ending);
  }

  /**
   * Adds images, numbered in the order of addition.
   *
   * @param image the vision encoder's output, [B, N, E]
   * @throws IllegalStateException if their features are not finite
   */
  public void addImages(Tensor image) throws IOException {
    try (var off = GradMode.noGrad();
        var scope = Scope.open(model.backend())) {
      Tensor queries = model.encodeQueries(model.imageKeyValues(image), ForwardPass.evaluation());
      Tensor features = model.imageFeatures(queries); // [B, Q, P]
      List<float[]> rows = rows("image", images.size(), features);
      tokens.keep(images.size()); // a call that failed may have added some to one of the files
      tokens.add(image);
      if (kept != null) {
        kept.keep(images.size());
        kept.add(features);
      }
      images.addAll(rows);
    }
  }

  /**
   * Adds texts, numbered in the order of addition.
   *
   * @param ids with the tokens that begin and end a text
   * @throws IllegalStateException if their features are not finite
   */
  public void addTexts(List<int[]> ids) throws IOException {
    for (int from = 0; from < ids.size(); from += TEXTS_AT_ONCE) {
      List<int[]> some = ids.subList(from, Math.min(from + TEXTS_AT_ONCE, ids.size()));
      String key = IndexJournal.key("texts", texts.size(), some.toArray(new int[0][]));
      float @Nullable [] earlier = journal.get(key);
      List<float[]> rows = earlier == null ? features(some) : split(earlier, some.size());
      if (earlier == null) {
        journal.put(key, Comparison.joined(rows));
      }
      texts.addAll(rows);
      some.forEach(text -> words.add(text.clone()));
    }
  }

  /** The number of images. */
  public int images() {
    return images.size();
  }

  /** The number of texts. */
  public int texts() {
    return texts.size();
  }

  /**
   * Ranks all texts for every image and all images for every text.
   *
   * @param k the number of candidates for each, LAVIS's {@code k_test} of 128; fewer if there are
   *     fewer items
   * @throws IllegalStateException if a match score is NaN
   */
  public Rankings rank(int k) throws IOException {
    return rank(k, image -> {});
  }

  /**
   * Ranks as {@link #rank(int)} does. The listener receives the number of each image, in order,
   * before its texts are matched, which is the slow part; not of those that the journal has.
   */
  public Rankings rank(int k, IntConsumer listener) throws IOException {
    requirePositive(k);
    List<Candidates> textsOf = candidates(images(), Math.min(k, texts()));
    List<Candidates> imagesOf = candidates(texts(), Math.min(k, images()));
    new Comparison(images, texts, textsOf, imagesOf).run(model.backend());
    new Reranking(model, tokens, words, padId, journal).match(textsOf, imagesOf, listener);
    return rankings(textsOf, imagesOf);
  }

  /**
   * Ranks all texts for every image and all images for every text by similarity alone, without
   * match scores: every {@link Ranking#matchLogit} is 0.
   *
   * @param k the number of candidates for each; fewer if there are fewer items
   */
  public Rankings rankBySimilarity(int k) {
    requirePositive(k);
    List<Candidates> textsOf = candidates(images(), Math.min(k, texts()));
    List<Candidates> imagesOf = candidates(texts(), Math.min(k, images()));
    new Comparison(images, texts, textsOf, imagesOf).run(model.backend());
    return rankings(textsOf, imagesOf);
  }

  /**
   * Ranks all images for one text that need not be in the index.
   *
   * @param ids of the text
   * @param k the number of candidates
   */
  public Ranking search(int[] ids, int k) throws IOException {
    requirePositive(k);
    List<Candidates> textsOf = candidates(images(), 0);
    List<Candidates> imagesOf = candidates(1, Math.min(k, images()));
    new Comparison(images, features(List.of(ids)), textsOf, imagesOf).run(model.backend());
    new Reranking(model, tokens, List.of(ids), padId, IndexJournal.NONE)
        .match(textsOf, imagesOf, image -> {});
    return imagesOf.get(0).ranking(images());
  }

  private Rankings rankings(List<Candidates> textsOf, List<Candidates> imagesOf) {
    return new Rankings(
        textsOf.stream().map(found -> found.ranking(texts())).toList(),
        imagesOf.stream().map(found -> found.ranking(images())).toList());
  }

  /** Removes the temporary file, or closes those that stay. */
  @Override
  public void close() throws IOException {
    try (TokenStore second = kept) {
      tokens.close();
    }
  }

  private static List<float[]> split(float[] joined, int rows) {
    int width = joined.length / rows;
    List<float[]> split = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      split.add(Arrays.copyOfRange(joined, row * width, (row + 1) * width));
    }
    return split;
  }

  private List<float[]> features(List<int[]> ids) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open(model.backend())) {
      Tensor encoded = model.encodeTextStart(TextBatch.of(ids, padId), ForwardPass.evaluation());
      return rows("text", texts.size(), model.textFeature(encoded));
    }
  }

  /** The rows of features along the first axis; rejects features that are not finite. */
  private static List<float[]> rows(String what, int first, Tensor features) {
    List<float[]> rows = new ArrayList<>();
    long B = features.dim(0);
    for (float[] row : features.reshape(B, features.size() / Math.max(1, B)).toFloatRows()) {
      for (float value : row) {
        if (!Float.isFinite(value)) {
          throw new IllegalStateException(
              String.format(
                  Locale.ROOT,
                  "retrieval: features expected finite, got %s in %s %d",
                  value,
                  what,
                  first + rows.size()));
        }
      }
      rows.add(row);
    }
    return rows;
  }

  private static List<Candidates> candidates(int count, int most) {
    Candidates[] all = new Candidates[count];
    Arrays.setAll(all, i -> new Candidates(most));
    return Arrays.asList(all);
  }

  private static void requirePositive(int k) {
    if (k <= 0) {
      throw new IllegalArgumentException("retrieval: k expected at least 1, got " + k);
    }
  }
}
