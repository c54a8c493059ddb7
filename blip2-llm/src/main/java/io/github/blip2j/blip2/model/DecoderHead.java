package io.github.blip2j.blip2.model;

import io.github.blip2j.llm.DecoderModel;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A decoder-only language model after the soft prompt: it continues the text after the image.
 *
 * <pre>{@code
 * B batch, Q queries, T tokens of a text, L language width, V vocabulary
 * }</pre>
 */
record DecoderHead(Blip2Config config, DecoderModel model) implements LanguageHead {
  @Override
  public DecoderHead with(Blip2Config newConfig) {
    return new DecoderHead(newConfig, model);
  }

  @Override
  public Tensor logits(
      Tensor imagePrompt, PromptBatch text, @Nullable PromptBatch answers, ForwardPass pass) {
    if (answers != null) {
      throw new IllegalStateException(
          "logits: answers expected by a language model with an encoder, got a decoder; append"
              + " them to the prompts");
    }
    return model.logits(hidden(imagePrompt, text, pass)); // [B, Q + T, V]
  }

  @Override
  public Tensor loss(Tensor imagePrompt, PromptBatch text, List<int[]> labels, ForwardPass pass) {
    PromptBatch padded = text.among(pass.ranks());
    Tensor targets = padded.labels(labels, config.queryTokens(), model.vocabSize()); // [B, Q + T]
    Tensor hidden = hidden(imagePrompt, padded, pass); // [B, Q + T, L]
    return TokenLoss.ofNextToken().of(hidden, targets, model::logits);
  }

  private Tensor hidden(Tensor imagePrompt, PromptBatch text, ForwardPass pass) {
    Tensor x = text.embeddings(imagePrompt, model);
    return model.forward(x, text.mask(config.queryTokens()), null, pass);
  }

  /**
   * Checkpoints with an image token count it once for each query; those without pass embeddings
   * only, so there are no ids to count. LAVIS passes embeddings only, for which transformers 4.33
   * substitutes the one start token.
   */
  @Override
  public List<int[]> histories(PromptBatch text) {
    if (config.convention() == Convention.LAVIS) {
      return Collections.nCopies(text.size(), new int[] {config.text().beginId()});
    }
    Integer imageToken = config.imageTokenId();
    return imageToken == null
        ? text.emptyHistories()
        : text.histories(imageToken, config.queryTokens());
  }
}
