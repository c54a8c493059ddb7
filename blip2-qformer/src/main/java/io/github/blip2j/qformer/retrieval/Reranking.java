package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.distributed.RankBytes;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.distributed.Rounds;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * The second step: the match score of every candidate pair. Pairs are processed by image, because
 * an image's keys and values are the most expensive to compute: each image is read once, and
 * matched with all texts that are its candidates or have it as a candidate.
 */
final class Reranking {
  private static final int PAIRS_AT_ONCE = 16; // keys and values are copied for each text
  private static final byte[] NOTHING = {};
  private static final int YES = 1; // logits of no match and match

  private final Blip2Qformer model;
  private final SharedTokens tokens;
  private final List<int[]> words;
  private final int padId;
  private final IndexJournal journal;
  private final Ranks ranks;

  Reranking(
      Blip2Qformer model,
      SharedTokens tokens,
      List<int[]> words,
      int padId,
      IndexJournal journal,
      Ranks ranks) {
    this.model = model;
    this.tokens = tokens;
    this.words = words;
    this.padId = padId;
    this.journal = journal;
    this.ranks = ranks;
  }

  /**
   * Computes the match score of every candidate of images and of texts. Ranks take the images in
   * turn.
   */
  void match(List<Candidates> textsOf, List<Candidates> imagesOf, IntConsumer listener)
      throws IOException {
    var pairs = new Pairs(textsOf, imagesOf, Wanting.of(imagesOf, textsOf.size()));
    List<float @Nullable []> earlier = earlier(pairs);
    Rounds.run(
        ranks,
        textsOf.size(),
        image -> {
          int[] texts = pairs.texts(image);
          if (earlier.get(image) == null || texts.length == 0) {
            listener.accept(image);
          }
          return earlier.get(image) == null ? RankBytes.of(logits(image, texts)) : NOTHING;
        },
        (image, bytes) -> {
          float @Nullable [] logits = earlier.get(image);
          if (logits == null) {
            logits = RankBytes.floats(bytes);
            journal.put(pairs.key(image), logits);
          }
          pairs.take(image, logits);
        });
  }

  /** What the first rank's journal has of each image; null where it has nothing of these pairs. */
  private List<float @Nullable []> earlier(Pairs pairs) {
    int images = pairs.textsOf.size();
    var sum = new CRC32();
    for (int image = 0; image < images; image++) {
      sum.update(pairs.key(image).getBytes(StandardCharsets.UTF_8));
    }
    ranks.requireEqual("candidates of retrieval", Long.toHexString(sum.getValue()));
    List<float @Nullable []> earlier = new ArrayList<>();
    for (int image = 0; image < images; image++) {
      int count = pairs.texts(image).length;
      float @Nullable [] logits =
          count == 0 ? new float[0] : IndexJournal.ofFirst(ranks, journal, pairs.key(image));
      earlier.add(logits == null || logits.length != count ? null : logits);
    }
    return earlier;
  }

  /** The candidate pairs by image. */
  private record Pairs(List<Candidates> textsOf, List<Candidates> imagesOf, Wanting wanting) {
    /** The texts that an image is matched with, in their order. */
    int[] texts(int image) {
      Candidates own = textsOf.get(image);
      return IntStream.concat(
              IntStream.range(0, own.size()).map(own::id),
              IntStream.range(wanting.begin(image), wanting.end(image)).map(wanting::text))
          .sorted()
          .distinct()
          .toArray();
    }

    String key(int image) {
      return IndexJournal.key("match", image, texts(image));
    }

    /** Gives the scores of an image's texts to its and to their candidates. */
    void take(int image, float[] logits) {
      int[] texts = texts(image);
      Candidates own = textsOf.get(image);
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
