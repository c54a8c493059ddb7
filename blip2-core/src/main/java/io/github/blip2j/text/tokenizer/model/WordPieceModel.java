package io.github.blip2j.text.tokenizer.model;

import io.github.blip2j.text.tokenizer.pattern.Budget;

/**
 * WordPiece (Schuster and Nakajima 2012): takes the longest token that begins the rest of the word,
 * repeatedly. A word that cannot be covered is unknown as a whole.
 */
final class WordPieceModel implements Model {
  private final Vocabulary vocabulary;
  private final String unknown;
  private final String prefix;
  private final int mostChars;
  private final int longest;

  /**
   * Creates a model.
   *
   * @param prefix the prefix of tokens that continue a word, usually {@code "##"}
   * @param mostChars longer words are unknown
   */
  WordPieceModel(Vocabulary vocabulary, String unknown, String prefix, int mostChars) {
    this.vocabulary = vocabulary;
    this.unknown = unknown;
    this.prefix = prefix;
    this.mostChars = mostChars;
    this.longest = vocabulary.longest();
  }

  @Override
  public void tokenize(String word, Budget budget, IdList out) {
    int[] ids =
        word.length() > mostChars && word.codePointCount(0, word.length()) > mostChars
            ? new int[0]
            : pieces(word, budget);
    if (ids.length > 0) {
      out.addAll(ids);
      return;
    }
    int id = vocabulary.idOrNone(unknown);
    if (id < 0) {
      throw Model.unknown(type(), unknown);
    }
    out.add(id);
  }

  /** The tokens of the word; empty if tokens cannot cover it. */
  private int[] pieces(String word, Budget budget) {
    var ids = new IdList();
    for (int start = 0; start < word.length(); ) {
      int end = Math.min(word.length(), start + longest);
      int id = -1;
      while (end > start && id < 0) {
        budget.charge(end - start);
        String piece = word.substring(start, end);
        id = vocabulary.idOrNone(start == 0 ? piece : prefix + piece);
        end -= id < 0 ? Character.charCount(word.codePointBefore(end)) : 0;
      }
      if (id < 0) {
        return new int[0];
      }
      ids.add(id);
      start = end;
    }
    return ids.toArray();
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public String type() {
    return "WordPiece";
  }
}
