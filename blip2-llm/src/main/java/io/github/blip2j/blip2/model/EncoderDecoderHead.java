package io.github.blip2j.blip2.model;

import io.github.blip2j.llm.EncoderDecoderModel;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An encoder-decoder language model after the soft prompt: the encoder takes image and text, the
 * decoder generates the answer.
 *
 * <pre>{@code
 * B batch, Q queries, T tokens of an answer, L language width, V vocabulary
 * }</pre>
 */
record EncoderDecoderHead(Blip2Config config, EncoderDecoderModel model) implements LanguageHead {
  @Override
  public EncoderDecoderHead with(Blip2Config newConfig) {
    return new EncoderDecoderHead(newConfig, model);
  }

  @Override
  public Tensor logits(
      Tensor imagePrompt, PromptBatch text, @Nullable PromptBatch answers, ForwardPass pass) {
    if (answers == null) {
      throw new IllegalStateException(
          "logits: answers expected by a language model with an encoder, got none; give the tokens"
              + " to be generated");
    }
    return model.logits(hidden(imagePrompt, text, answers, pass)); // [B, T, V]
  }

  @Override
  public Tensor loss(Tensor imagePrompt, PromptBatch text, List<int[]> labels, ForwardPass pass) {
    text.requireRows(labels);
    PromptBatch answers = PromptBatch.ofAnswers(labels, config.text().padId()).among(pass.ranks());
    Tensor targets = answers.labels(labels, 0, model.vocabSize()); // [B, T]
    Tensor hidden = hidden(imagePrompt, text.among(pass.ranks()), answers, pass);
    return TokenLoss.ofSameToken().of(hidden, targets, model::logits);
  }

  /** The last hidden states of the answers, [B, T, L]. */
  private Tensor hidden(
      Tensor imagePrompt, PromptBatch text, PromptBatch answers, ForwardPass pass) {
    return model.answer(
        text.embeddings(imagePrompt, model),
        text.mask(config.queryTokens()),
        answers.shifted(model.decoderStartId()),
        answers.mask(0),
        pass);
  }

  /**
   * Repetition penalties count the decoder's text, which begins with the start token, not with the
   * prompt.
   */
  @Override
  public List<int[]> histories(PromptBatch text) {
    return Collections.nCopies(text.size(), new int[] {model.decoderStartId()});
  }
}
