package io.github.blip2j.qformer.objective;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;

/**
 * Image-grounded text generation (ITG, section 3.1): the text is written word by word over what the
 * queries saw, which they must therefore have seen completely.
 */
public final class GenerationLoss {
  private static final double SMOOTHING = 0.1;

  private GenerationLoss() {}

  /** LAVIS's: every position predicts the next word, smoothed by 0.1; the mean. */
  public static TokenLoss lavis() {
    return TokenLoss.ofNextToken().withSmoothing(SMOOTHING);
  }

  /**
   * Hidden states of the words, the first one replaced by the token that starts a caption.
   *
   * @param queries the keys and values that {@link Blip2Qformer#encodeQueries} left; words are
   *     added to them
   * @return [B, T, C]
   */
  public static Tensor decode(
      Blip2Qformer model, KeyValueCache queries, TextBatch texts, ForwardPass pass) {
    TextBatch begun = texts.startingWith(model.config().startId());
    int Q = model.config().queryTokens();
    return model.bert().decodeText(begun.ids(), begun.mask(), queries, Q, pass);
  }

  /**
   * The loss of these words.
   *
   * @param decoded [B, T, C], from {@link #decode}
   * @return as {@code loss} says
   */
  public static Tensor of(Blip2Qformer model, Tensor decoded, TextBatch texts, TokenLoss loss) {
    return model.captionHead().loss(decoded, texts.labels(), loss);
  }
}
