package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;

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

  private final Blip2Qformer model;
  private final int padId;
  private final TokenStore tokens;
  private final List<float[]> images = new ArrayList<>(); // [Q * P]
  private final List<float[]> texts = new ArrayList<>(); // [P]
  private final List<int[]> words = new ArrayList<>();

  private RetrievalIndex(Blip2Qformer model, int padId, TokenStore tokens) {
    this.model = model;
    this.padId = padId;
    this.tokens = tokens;
  }

  /**
   * An empty index.
   *
   * @param padId the padding token of short texts, which masks hide
   * @param folder the folder of the temporary file
   */
  public static RetrievalIndex create(Blip2Qformer model, int padId, Path folder)
      throws IOException {
    return new RetrievalIndex(model, padId, TokenStore.in(folder));
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
      tokens.add(image);
      images.addAll(rows);
    }
  }

  /**
   * Adds texts, numbered in the order of addition.
   *
   * @param ids with the tokens that begin and end a text
   * @throws IllegalStateException if their features are not finite
   */
  public void addTexts(List<int[]> ids) {
    for (int from = 0; from < ids.size(); from += TEXTS_AT_ONCE) {
      List<int[]> some = ids.subList(from, Math.min(from + TEXTS_AT_ONCE, ids.size()));
      texts.addAll(features(some));
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
   * before its texts are matched, which is the slow part.
   */
  public Rankings rank(int k, IntConsumer listener) throws IOException {
    requirePositive(k);
    List<Candidates> textsOf = candidates(images(), Math.min(k, texts()));
    List<Candidates> imagesOf = candidates(texts(), Math.min(k, images()));
    new Comparison(images, texts, textsOf, imagesOf).run(model.backend());
    new Reranking(model, tokens, words, padId).match(textsOf, imagesOf, listener);
    return new Rankings(
        textsOf.stream().map(found -> found.ranking(texts())).toList(),
        imagesOf.stream().map(found -> found.ranking(images())).toList());
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
    new Reranking(model, tokens, List.of(ids), padId).match(textsOf, imagesOf, image -> {});
    return imagesOf.get(0).ranking(images());
  }

  /** Removes the temporary file. */
  @Override
  public void close() throws IOException {
    tokens.close();
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
