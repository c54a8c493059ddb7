package io.github.blip2j.blip2.model;

import io.github.blip2j.llm.DecoderModel;
import io.github.blip2j.llm.EncoderDecoderModel;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A language model after the soft prompt of an image: the part of {@link Blip2Model} that differs
 * between a decoder, which continues the prompt, and an encoder with a decoder, which answers it.
 */
sealed interface LanguageHead permits DecoderHead, EncoderDecoderHead {
  /** The language model that a configuration names. */
  static LanguageHead of(Blip2Config config, Params params) {
    LanguageModel model = config.text().build(params);
    if (model instanceof DecoderModel decoder) {
      return new DecoderHead(config, decoder);
    }
    if (model instanceof EncoderDecoderModel both) {
      return new EncoderDecoderHead(config, both);
    }
    throw new IllegalArgumentException(
        "language model: DecoderModel or EncoderDecoderModel expected of family "
            + config.text().family().name()
            + ", got "
            + model.getClass().getName());
  }

  /** A view of these parameters with a configuration that may differ in its convention. */
  LanguageHead with(Blip2Config config);

  /** The language model. */
  LanguageModel model();

  /** See {@link Blip2Model#logits(Tensor, PromptBatch, PromptBatch, ForwardPass)}. */
  Tensor logits(
      Tensor imagePrompt, PromptBatch text, @Nullable PromptBatch answers, ForwardPass pass);

  /** See {@link Blip2Model#loss}. */
  Tensor loss(Tensor imagePrompt, PromptBatch text, List<int[]> labels, ForwardPass pass);

  /** The token ids before a continuation that repetition penalties count, for each prompt. */
  List<int[]> histories(PromptBatch text);
}
