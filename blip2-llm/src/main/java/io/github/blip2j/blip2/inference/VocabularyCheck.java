package io.github.blip2j.blip2.inference;

import io.github.blip2j.text.Tokenizer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a text is made of. A tokenizer may know tokens that a model has no row for, such as those
 * that Python added without resizing; they only matter to the text that holds one.
 */
final class VocabularyCheck {
  private static final String IMAGE = "<image>";

  private VocabularyCheck() {}

  /**
   * Checks that a model has a row for each token of a text.
   *
   * @param where what the text is, for the message
   * @param image the token that stands for the image, or null
   * @throws IllegalArgumentException naming the token that is none of the model's words
   */
  static void requireWords(
      String where, Tokenizer tokenizer, int vocabSize, @Nullable Integer image, int[] ids) {
    for (int id : ids) {
      boolean standsForImage =
          image == null ? id == tokenizer.idOf(IMAGE).orElse(-1) && id >= vocabSize : id == image;
      if (standsForImage) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s expected words, got the token %s, which stands for the image; leave it out",
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
