package io.github.blip2j.blip2;

import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Prompts with what the model sees of their images, ready to be continued.
 *
 * @param where what they are for, as messages say it
 * @param endings the words right before a continuation, empty where an image is
 * @param images the soft prompts of all images in order, [images, Q, L]
 */
record AskedPrompts(String where, PromptBatch text, List<String> endings, Tensor images) {
  /** Keeps the list from changing. */
  AskedPrompts {
    endings = List.copyOf(endings);
  }

  /** Prompts about one image each, or all about one; in the open scope. */
  static AskedPrompts about(
      String where, LoadedModel loaded, ImageFeatures features, List<String> prompts) {
    Tensor each = new SoftPrompts(loaded).about(where, features, prompts); // [B, Q, L]
    List<int[]> ids = prompts.stream().map(loaded::promptIds).toList();
    return new AskedPrompts(where, loaded.promptBatch(ids), prompts, each).fitting(loaded);
  }

  /** Prompts with images anywhere; in the open scope. */
  static AskedPrompts of(String where, LoadedModel loaded, List<Prompt> prompts) {
    var reader = new PromptReader(loaded);
    List<PromptLayout> layouts = new ArrayList<>();
    for (Prompt prompt : prompts) {
      if (prompt.images().isEmpty()) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: prompt expected 1 image or more, got none in '%s'",
                where,
                prompt));
      }
      layouts.add(reader.read(prompt));
    }
    Tensor images = new SoftPrompts(loaded).of(where, prompts);
    List<String> endings = prompts.stream().map(Prompt::ending).toList();
    return new AskedPrompts(where, loaded.layoutBatch(layouts), endings, images).fitting(loaded);
  }

  /** Positions of the longest prompt, its images included. */
  int positions() {
    return text.positions(queries());
  }

  /** Tokens of the longest prompt, without its images. */
  int longestWords() {
    return text.longest(queries()).words().length;
  }

  private int queries() {
    return Math.toIntExact(images.dim(1));
  }

  private AskedPrompts fitting(LoadedModel loaded) {
    LanguageModel language = loaded.model().language();
    if (positions() > language.maxPositions()) {
      int ofImages = positions() - longestWords();
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: prompt of %d tokens and %d of the %s exceed maxPositions=%d; shorten the prompt",
              where,
              longestWords(),
              ofImages,
              ofImages > queries() ? "images" : "image",
              language.maxPositions()));
    }
    return this;
  }
}
