package io.github.blip2j.text.tokenizer.model;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The algorithm that cuts one word into tokens. */
public interface Model {
  /**
   * Adds the ids of a word, which isn't empty.
   *
   * @throws IllegalArgumentException if it holds what the vocabulary lacks, and an unknown token
   *     too
   */
  void tokenize(String word, Budget budget, IdList out);

  Vocabulary vocabulary();

  /** As in {@code "BPE"}, {@code "WordPiece"}, {@code "Unigram"}. */
  String type();

  /** The error for a word that can't be written in the vocabulary. */
  static IllegalArgumentException unknown(String type, @Nullable String token) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "tokenizer: %s model expected an unknown token for words it lacks, got %s",
            type,
            token == null ? "none" : "\"" + token + "\", which its vocabulary lacks too"));
  }
}
