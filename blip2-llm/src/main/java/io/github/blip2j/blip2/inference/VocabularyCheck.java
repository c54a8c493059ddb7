package io.github.blip2j.blip2.inference;

import io.github.blip2j.text.Tokenizer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Checks that a model has an embedding for each token of a text. A tokenizer may have tokens
 * without a row in the model, such as those that Python added without resizing; only a text with
 * such a token is refused.
 */
final class VocabularyCheck {
  private static final String IMAGE = "<image>";

  private VocabularyCheck() {}

  /**
   * Checks that a model has an embedding for each token of a text.
   *
   * @param where the name of the text in messages
   * @param image the image's placeholder token, or null
   * @throws IllegalArgumentException naming the token that the model has no embedding for
   */
  static void requireEmbeddings(
      String where, Tokenizer tokenizer, int vocabSize, @Nullable Integer image, int[] ids) {
    for (int id : ids) {
      boolean standsForImage =
          image == null ? id == tokenizer.idOf(IMAGE).orElse(-1) && id >= vocabSize : id == image;
      if (standsForImage) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s expected text, got the token %s, which stands for the image; leave it out",
                where,
                tokenizer.decodeAll(new int[] {id})));
      }
      if (id >= vocabSize) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s expected tokens below the model's vocabulary of %d, got %s with %d; leave it out, or"
                    + " use the tokenizer that came with the model",
                where,
                vocabSize,
                tokenizer.decodeAll(new int[] {id}),
                id));
      }
    }
  }
}
