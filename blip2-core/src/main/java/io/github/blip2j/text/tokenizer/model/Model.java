package io.github.blip2j.text.tokenizer.model;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Splits a word into tokens. */
public interface Model {
  /**
   * Appends the ids of a word, which isn't empty.
   *
   * @throws IllegalArgumentException if the word has characters outside the vocabulary, and there
   *     is no unknown token
   */
  void tokenize(String word, Budget budget, IdList out);

  Vocabulary vocabulary();

  /** The model's type, as in {@code "BPE"}, {@code "WordPiece"}, {@code "Unigram"}. */
  String type();

  /** The error for a word that the vocabulary cannot represent. */
  static IllegalArgumentException unknown(String type, @Nullable String token) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "tokenizer: %s model expected an unknown token for words it lacks, got %s",
            type,
            token == null ? "none" : "\"" + token + "\", which its vocabulary lacks too"));
  }
}
