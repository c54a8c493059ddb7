package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The second step: the match score of every candidate pair. Pairs are processed by image, because
 * an image's keys and values are the most expensive to compute: each image is read once, and
 * matched with all texts that are its candidates or have it as a candidate.
 */
final class Reranking {
  private static final int PAIRS_AT_ONCE = 16; // keys and values are copied for each text
  private static final int YES = 1; // logits of no match and match

  private final Blip2Qformer model;
  private final TokenStore tokens;
  private final List<int[]> words;
  private final int padId;
  private final IndexJournal journal;

  Reranking(
      Blip2Qformer model, TokenStore tokens, List<int[]> words, int padId, IndexJournal journal) {
    this.model = model;
    this.tokens = tokens;
    this.words = words;
    this.padId = padId;
    this.journal = journal;
  }

  /** Computes the match score of every candidate of images and of texts. */
  void match(List<Candidates> textsOf, List<Candidates> imagesOf, IntConsumer listener)
      throws IOException {
    var wanting = Wanting.of(imagesOf, tokens.count());
    for (int image = 0; image < tokens.count(); image++) {
      Candidates own = textsOf.get(image);
      int[] texts =
          IntStream.concat(
                  IntStream.range(0, own.size()).map(own::id),
                  IntStream.range(wanting.begin(image), wanting.end(image)).map(wanting::text))
              .sorted()
              .distinct()
              .toArray();
      if (texts.length == 0) {
        listener.accept(image);
        continue;
      }
      String key = IndexJournal.key("match", image, texts);
      float @Nullable [] logits = journal.get(key);
      if (logits == null || logits.length != texts.length) {
        listener.accept(image);
        logits = logits(image, texts);
        journal.put(key, logits);
      }
      for (int place = 0; place < own.size(); place++) {
        own.logit(place, logits[Arrays.binarySearch(texts, own.id(place))]);
      }
      for (int at = wanting.begin(image); at < wanting.end(image); at++) {
        float logit = logits[Arrays.binarySearch(texts, wanting.text(at))];
        imagesOf.get(wanting.text(at)).logit(wanting.place(at), logit);
      }
    }
  }

  private float[] logits(int image, int[] texts) throws IOException {
    float[] logits = new float[texts.length];
    try (var off = GradMode.noGrad();
        var scope = Scope.open(model.backend())) {
      CrossAttentionKeyValues keyValues = model.imageKeyValues(tokens.read(image));
      for (int from = 0; from < texts.length; from += PAIRS_AT_ONCE) {
        int to = Math.min(from + PAIRS_AT_ONCE, texts.length);
        List<int[]> some = Arrays.stream(texts, from, to).mapToObj(words::get).toList();
        try (var block = Scope.open()) {
          CrossAttentionKeyValues repeated = keyValues.rows(new int[some.size()]); // row 0 for each
          TextBatch batch = TextBatch.of(some, padId);
          Tensor both = model.matchLogits(repeated, batch, ForwardPass.evaluation()); // [some, 2]
          System.arraycopy(both.select(1, YES).copy().toFloats(), 0, logits, from, to - from);
        }
      }
    }
    for (int i = 0; i < logits.length; i++) {
      if (Float.isNaN(logits[i])) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "retrieval: match score expected a number, got NaN for image %d and text %d",
                image,
                texts[i]));
      }
    }
    return logits;
  }
}
