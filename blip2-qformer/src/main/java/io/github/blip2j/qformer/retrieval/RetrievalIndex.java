package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.distributed.RankBytes;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.distributed.Rounds;
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
import java.util.Objects;
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
  private final SharedTokens tokens;
  private final @Nullable TokenStore kept; // features of images, for a later run
  private final IndexJournal journal;
  private final Ranks ranks;
  private final List<float[]> images = new ArrayList<>(); // [Q * P]
  private final List<float[]> texts = new ArrayList<>(); // [P]
  private final List<int[]> words = new ArrayList<>();

  private RetrievalIndex(
      Blip2Qformer model,
      int padId,
      SharedTokens tokens,
      @Nullable TokenStore kept,
      IndexJournal journal,
      Ranks ranks) {
    this.model = model;
    this.padId = padId;
    this.tokens = tokens;
    this.kept = kept;
    this.journal = journal;
    this.ranks = ranks;
  }

  /**
   * An empty index.
   *
   * @param padId the padding token of short texts, which masks hide
   * @param folder the folder of the temporary file
   */
  public static RetrievalIndex create(Blip2Qformer model, int padId, Path folder)
      throws IOException {
    return new RetrievalIndex(
        model,
        padId,
        SharedTokens.all(TokenStore.in(folder)),
        null,
        IndexJournal.NONE,
        Ranks.ALONE);
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
    SharedTokens tokens = SharedTokens.all(TokenStore.at(file(files, TOKENS), id));
    boolean open = false;
    try {
      TokenStore features = TokenStore.at(file(files, FEATURES), id);
      var index = new RetrievalIndex(model, padId, tokens, features, journal, Ranks.ALONE);
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
   * This index as a part of one that ranks share, to be used in its place. All ranks then add the
   * same and rank together, and all get the same rankings. Rank r of R matches images r, R + r and
   * so on, and keeps the tokens of those; a resumable first rank keeps those of all.
   *
   * @throws IllegalStateException if anything has been added to this one
   */
  public RetrievalIndex among(Ranks newRanks) throws IOException {
    if (newRanks.areAlone()) {
      return this;
    }
    if (!texts.isEmpty() || (kept == null && !images.isEmpty())) {
      throw new IllegalStateException(
          "retrieval: empty index expected to be shared by ranks, got one of "
              + images.size()
              + " images");
    }
    boolean all = newRanks.isFirst() && kept != null;
    var shared =
        new RetrievalIndex(
            model, padId, all ? tokens : tokens.of(newRanks), kept, journal, newRanks);
    shared.images.addAll(images);
    shared.receiveEarlier();
    return shared;
  }

  /** Images that the first rank has of an earlier run, for the others. */
  private void receiveEarlier() throws IOException {
    int earlier = ranks.largest(ranks.isFirst() ? images.size() : 0);
    for (int i = 0; i < earlier; i++) {
      int number = i;
      byte[] own = ranks.agreeIo(() -> ranks.isFirst() ? stored(number) : new byte[0]);
      byte[] first = ranks.ofFirst(own);
      ranks.agreeIo(
          () -> {
            if (!ranks.isFirst()) {
              addEncoded(first);
            }
            return first;
          });
    }
  }

  private byte[] stored(int number) throws IOException {
    try (var scope = Scope.open(model.backend())) {
      Tensor features = Objects.requireNonNull(kept).read(number);
      return RankBytes.of(List.of(tokens.read(number), features));
    }
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
      add(image, features(image));
    }
  }

  /**
   * What {@link #addEncoded} takes, on all ranks, of images that one of them encodes.
   *
   * @param image the vision encoder's output, [B, N, E]
   * @throws IllegalStateException if their features are not finite
   */
  public byte[] encoded(Tensor image) throws IOException {
    try (var off = GradMode.noGrad();
        var scope = Scope.open(model.backend())) {
      Tensor features = features(image);
      rows("image", images.size(), features); // checks them where they are from
      return RankBytes.of(List.of(image, features));
    }
  }

  /** Adds images that a rank encoded, numbered in the order of addition. */
  public void addEncoded(byte[] encoded) throws IOException {
    try (var scope = Scope.open(model.backend())) {
      List<Tensor> both = RankBytes.tensors(encoded);
      add(both.get(0), both.get(1));
    }
  }

  /** The compared features of images, [B, Q, P]. */
  private Tensor features(Tensor image) {
    Tensor queries = model.encodeQueries(model.imageKeyValues(image), ForwardPass.evaluation());
    return model.imageFeatures(queries);
  }

  private void add(Tensor image, Tensor features) throws IOException {
    List<float[]> rows = rows("image", images.size(), features);
    tokens.keep(images.size()); // a call that failed may have added some to one of the files
    for (int b = 0; b < rows.size(); b++) {
      tokens.add(images.size() + b, image.narrow(0, b, 1));
    }
    if (kept != null) {
      kept.keep(images.size());
      kept.add(features);
    }
    images.addAll(rows);
  }

  /**
   * Adds texts, numbered in the order of addition.
   *
   * @param ids with the tokens that begin and end a text
   * @throws IllegalStateException if their features are not finite
   */
  public void addTexts(List<int[]> ids) throws IOException {
    int first = texts.size();
    List<List<int[]>> batches = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    List<float @Nullable []> earlier = new ArrayList<>();
    for (int from = 0; from < ids.size(); from += TEXTS_AT_ONCE) {
      List<int[]> some = ids.subList(from, Math.min(from + TEXTS_AT_ONCE, ids.size()));
      String key = IndexJournal.key("texts", first + from, some.toArray(new int[0][]));
      batches.add(some);
      keys.add(key);
      earlier.add(IndexJournal.ofFirst(ranks, journal, key));
    }
    Rounds.run(
        ranks,
        batches.size(),
        i ->
            earlier.get(i) == null
                ? RankBytes.of(
                    Comparison.joined(features(batches.get(i), first + i * TEXTS_AT_ONCE)))
                : new byte[0],
        (i, bytes) -> {
          float @Nullable [] joined = earlier.get(i);
          if (joined == null) {
            joined = RankBytes.floats(bytes);
            journal.put(keys.get(i), joined);
          }
          texts.addAll(split(joined, batches.get(i).size()));
          batches.get(i).forEach(text -> words.add(text.clone()));
        });
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
    new Reranking(model, tokens, words, padId, journal, ranks).match(textsOf, imagesOf, listener);
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
    new Comparison(images, features(List.of(ids), 0), textsOf, imagesOf).run(model.backend());
    new Reranking(model, tokens, List.of(ids), padId, IndexJournal.NONE, ranks)
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

  private List<float[]> features(List<int[]> ids, int first) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open(model.backend())) {
      Tensor encoded = model.encodeTextStart(TextBatch.of(ids, padId), ForwardPass.evaluation());
      return rows("text", first, model.textFeature(encoded));
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
