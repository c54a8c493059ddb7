package io.github.blip2j.pretraining;

import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.Losses;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A pass of a batch through the second stage: its loss and what was computed for it.
 *
 * @param batch pixels and texts
 * @param image the normed output of the vision encoder, [B, N, E]
 * @param queries the Q-Former's output, [B, Q, C]
 * @param prompts the soft prompts, [B, Q, L]
 * @param text the language model's tokens after the soft prompts, or its encoder's
 * @param labels of each text: of {@code text}'s tokens, or the target of an encoder-decoder; {@link
 *     io.github.blip2j.nn.TokenLoss#IGNORED} for none
 * @param instructions the Q-Former's tokens; null if it takes no text
 * @param loss a scalar
 */
public record StageTwoPass(
    CaptionBatch batch,
    Tensor image,
    Tensor queries,
    Tensor prompts,
    PromptBatch text,
    List<int[]> labels,
    @Nullable TextBatch instructions,
    Tensor loss) {
  /** Copies the list of labels. */
  public StageTwoPass {
    labels = List.copyOf(labels);
  }

  /** The loss, without parts. */
  public Losses losses() {
    return Losses.of(loss);
  }
}
