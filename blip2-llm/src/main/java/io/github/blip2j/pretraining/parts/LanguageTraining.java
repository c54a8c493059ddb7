package io.github.blip2j.pretraining.parts;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;
import java.util.List;

/**
 * The training of a decoder by the next token of texts: the mean of the cross-entropies of all
 * tokens but the first of each text. Texts that are too long lose their end.
 *
 * <p>A token such as {@code </s>} that is written in a text is that token, so a text may have
 * several beginnings.
 */
public final class LanguageTraining implements Objective<PageBatch> {
  private static final TokenLoss LOSS = TokenLoss.ofNextToken();

  private final LanguagePart part;
  private final Tokenizer tokenizer;
  private final int maxTokens;

  /**
   * The objective of a decoder.
   *
   * @param tokenizer of the decoder
   * @param maxTokens longest text in tokens
   * @throws CheckpointException if the tokenizer is another model's
   * @throws IllegalArgumentException if the decoder has no positions for so many
   */
  public LanguageTraining(LanguagePart part, Tokenizer tokenizer, int maxTokens)
      throws CheckpointException {
    this.part = part;
    this.tokenizer = tokenizer.within(part.config().vocabSize());
    this.maxTokens = maxTokens;
    int most = part.model().maxPositions();
    if (maxTokens < 2 || maxTokens > most) {
      throw new IllegalArgumentException(
          "language: tokens of a text expected 2 to " + most + ", got " + maxTokens);
    }
  }

  /** The loss of a batch. */
  @Override
  public Losses losses(PageBatch batch, ForwardPass pass) {
    List<int[]> ids =
        batch.texts().stream()
            .map(text -> tokenizer.encodeTruncated(text, maxTokens, Side.RIGHT))
            .toList();
    var texts = TextBatch.of(ids, part.config().padId());
    Tensor x = part.model().embed(texts.ids()); // [B, T, L]
    Tensor hidden = part.model().forward(x, texts.mask(), null, pass);
    return Losses.of(LOSS.of(hidden, texts.labels(), part.model()::logits));
  }
}
