package io.github.blip2j.qformer.objective;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Image-text matching (ITM, section 3.1): the model distinguishes matching pairs from hard
 * negatives. Each pair occurs three times: as it is, its text with a negative image, and its image
 * with a negative text.
 */
public final class MatchingLoss {
  private static final int PARTS = 3; // batches one after the other in the logits

  private MatchingLoss() {}

  /**
   * The logits of no match and match: matching pairs first, then texts with negative images, then
   * images with negative texts.
   *
   * @param image of all pairs
   * @param texts of all pairs
   * @param pairs the own pairs among all, B
   * @param negatives indices among all pairs
   * @return [3B, 2]
   */
  public static Tensor logits(
      Blip2Qformer model,
      CrossAttentionKeyValues image,
      TextBatch texts,
      Pairs pairs,
      Negatives negatives,
      ForwardPass pass) {
    int[] own = IntStream.range(pairs.first(), pairs.first() + pairs.own()).toArray();
    CrossAttentionKeyValues images = image.rows(join(own, negatives.imageForText(), own));
    TextBatch captions = texts.rows(join(own, own, negatives.textForImage()));
    return model.matchLogits(images, captions, pass.ofParts(PARTS));
  }

  /**
   * The same logits of one rank of several, whose negatives may be other ranks' images and texts.
   *
   * @param images of the rank's own pairs, and then the negatives of their texts
   * @param texts of the rank's own pairs, all ranks' padded to one length
   * @return [3B, 2]
   */
  static Tensor logits(
      Blip2Qformer model,
      CrossAttentionKeyValues images,
      TextBatch texts,
      Negatives negatives,
      ForwardPass pass) {
    Ranks ranks = pass.ranks();
    int[] own = IntStream.range(0, texts.size()).toArray();
    int[] others = IntStream.range(texts.size(), 2 * texts.size()).toArray();
    TextBatch captions = texts.followedBy(texts.allGather(ranks).rows(negatives.textForImage()));
    return model.matchLogits(
        images.rows(join(own, others, own)),
        captions.rows(join(own, own, others)),
        pass.ofParts(PARTS));
  }

  /**
   * The mean cross-entropy over one third of matches and two thirds of negatives.
   *
   * @param logits [3B, 2], in the order of {@link #logits}
   * @return a scalar
   */
  public static Tensor of(Tensor logits) {
    int rows = Math.toIntExact(logits.dim(0));
    long[] labels = new long[rows];
    Arrays.fill(labels, 0, rows / 3, 1);
    return logits.crossEntropy(Tensor.of(labels, rows), 0).mean();
  }

  private static int[] join(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(Arrays::stream).toArray();
  }
}
