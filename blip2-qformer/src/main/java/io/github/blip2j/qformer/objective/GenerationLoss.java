package io.github.blip2j.qformer.objective;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;

/**
 * Image-grounded text generation (ITG, section 3.1): text tokens are predicted from the queries'
 * keys and values, so the queries must extract everything about the image that the text needs.
 */
public final class GenerationLoss {
  private static final double SMOOTHING = 0.1;

  private GenerationLoss() {}

  /** LAVIS's loss: every position predicts the next token, with label smoothing 0.1; the mean. */
  public static TokenLoss lavis() {
    return TokenLoss.ofNextToken().withSmoothing(SMOOTHING);
  }

  /**
   * Hidden states of the text, whose first token is replaced by the start token of captions.
   *
   * @param queries keys and values of the queries from {@link Blip2Qformer#encodeQueries}; those of
   *     the text are added to them
   * @return [B, T, C]
   */
  public static Tensor decode(
      Blip2Qformer model, KeyValueCache queries, TextBatch texts, ForwardPass pass) {
    TextBatch begun = texts.startingWith(model.config().startId());
    int Q = model.config().queryTokens();
    return model.bert().decodeText(begun.ids(), begun.mask(), queries, Q, pass);
  }

  /**
   * The loss of the texts.
   *
   * @param decoded [B, T, C], from {@link #decode}
   * @return a scalar or [B], see {@link TokenLoss.Reduction}
   */
  public static Tensor of(Blip2Qformer model, Tensor decoded, TextBatch texts, TokenLoss loss) {
    return model.captionHead().loss(decoded, texts.labels(), loss);
  }
}
