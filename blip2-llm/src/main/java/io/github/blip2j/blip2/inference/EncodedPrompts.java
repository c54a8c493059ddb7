package io.github.blip2j.blip2.inference;

import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.tensor.Tensor;
import java.util.List;
import java.util.Locale;

/**
 * Inputs of the language model: token ids, and a soft prompt for each image.
 *
 * @param where the name of the call in messages
 * @param text the token ids of each prompt and the places of its images
 * @param endings the text right before a continuation, empty after an image
 * @param images the soft prompts of all images in order, [images, Q, L]
 */
record EncodedPrompts(String where, PromptBatch text, List<String> endings, Tensor images) {
  /** Keeps the list from changing. */
  EncodedPrompts {
    endings = List.copyOf(endings);
  }

  /** Positions of the longest prompt, its images included. */
  int positions() {
    return text.positions(queries());
  }

  /** Tokens of the longest prompt, without its images. */
  int longestText() {
    return text.longest(queries()).tokens().length;
  }

  private int queries() {
    return Math.toIntExact(images.dim(1));
  }

  /**
   * These prompts.
   *
   * @throws IllegalArgumentException if one has more positions than the language model
   */
  EncodedPrompts requireFitting(LanguageModel language) {
    if (positions() > language.maxPositions()) {
      int ofImages = positions() - longestText();
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: prompt of %d tokens and %d of the %s exceed maxPositions=%d; shorten the prompt",
              where,
              longestText(),
              ofImages,
              ofImages > queries() ? "images" : "image",
              language.maxPositions()));
    }
    return this;
  }
}
