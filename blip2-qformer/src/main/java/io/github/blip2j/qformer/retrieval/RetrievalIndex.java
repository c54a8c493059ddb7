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
 * Images and texts that are searched for each other in two steps (section 4.4): comparison finds
 * the {@code k} most similar, and matching puts those in order.
 *
 * <p>It is made for 5 000 images and 25 000 texts. Features are kept in the heap: 32 KiB for each
 * image of 32 queries and 256 numbers, 1 KiB for each text, and 12 bytes for each candidate. What
 * the vision encoder saw is kept in a temporary file, 1.4 MiB for each image of ViT-g: it is read
 * once for each search, image after image, so that a vision encoder need not look again. No matrix
 * of all pairs is ever held.
 *
 * <p>A pair that is a candidate both ways is matched once. Not for use by several threads at once.
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
   * @param padId what fills short texts; masks hide it
   * @param folder where the temporary file may lie
   */
  public static RetrievalIndex create(Blip2Qformer model, int padId, Path folder)
      throws IOException {
    return new RetrievalIndex(model, padId, TokenStore.in(folder));
  }

  /**
   * Adds images, numbered in the order in which they come.
   *
   * @param seen the vision encoder's output, [B, N, E]
   * @throws IllegalStateException if their features are not numbers
   */
  public void addImages(Tensor seen) throws IOException {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor queries = model.encodeQueries(model.imageKeyValues(seen), ForwardPass.evaluation());
      Tensor features = model.imageFeatures(queries); // [B, Q, P]
      List<float[]> rows = rows("image", images.size(), features);
      tokens.add(seen);
      images.addAll(rows);
    }
  }

  /**
   * Adds texts, numbered in the order in which they come.
   *
   * @param ids with the tokens that begin and end a text
   * @throws IllegalStateException if their features are not numbers
   */
  public void addTexts(List<int[]> ids) {
    for (int from = 0; from < ids.size(); from += TEXTS_AT_ONCE) {
      List<int[]> some = ids.subList(from, Math.min(from + TEXTS_AT_ONCE, ids.size()));
      texts.addAll(features(some));
      some.forEach(text -> words.add(text.clone()));
    }
  }

  /** Images so far. */
  public int images() {
    return images.size();
  }

  /** Texts so far. */
  public int texts() {
    return texts.size();
  }

  /**
   * Ranks all texts for every image and all images for every text.
   *
   * @param k how many candidates each may have, LAVIS's {@code k_test} of 128; fewer where there
   *     are not as many
   * @throws IllegalStateException if a match score is not a number
   */
  public Rankings rank(int k) throws IOException {
    return rank(k, image -> {});
  }

  /**
   * Ranks as {@link #rank(int)} does; the listener receives the number of each image before its
   * texts are matched, in order, which is the slow part.
   */
  public Rankings rank(int k, IntConsumer listener) throws IOException {
    requirePositive(k);
    List<Candidates> textsOf = candidates(images(), Math.min(k, texts()));
    List<Candidates> imagesOf = candidates(texts(), Math.min(k, images()));
    new Comparison(images, texts, textsOf, imagesOf).run();
    new Reranking(model, tokens, words, padId).match(textsOf, imagesOf, listener);
    return new Rankings(
        textsOf.stream().map(found -> found.ranking(texts())).toList(),
        imagesOf.stream().map(found -> found.ranking(images())).toList());
  }

  /**
   * Ranks all images for one text that need not be in the index.
   *
   * @param ids of the text
   * @param k how many candidates there may be
   */
  public Ranking search(int[] ids, int k) throws IOException {
    requirePositive(k);
    List<Candidates> textsOf = candidates(images(), 0);
    List<Candidates> imagesOf = candidates(1, Math.min(k, images()));
    new Comparison(images, features(List.of(ids)), textsOf, imagesOf).run();
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
        var scope = Scope.open()) {
      Tensor encoded = model.encodeTextStart(TextBatch.of(ids, padId), ForwardPass.evaluation());
      return rows("text", texts.size(), model.textFeature(encoded));
    }
  }

  /** A row of each along the first axis; weights that overflowed are found here, not in a rank. */
  private static List<float[]> rows(String what, int first, Tensor features) {
    List<float[]> rows = new ArrayList<>();
    for (int b = 0; b < features.dim(0); b++) {
      float[] row = features.select(0, b).toFloats();
      for (float value : row) {
        if (!Float.isFinite(value)) {
          throw new IllegalStateException(
              String.format(
                  Locale.ROOT,
                  "retrieval: features expected finite, got %s in %s %d",
                  value,
                  what,
                  first + b));
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
