package io.github.blip2j.text.tokenizer.config;

/**
 * A token that is found in a text before the model tokenizes it.
 *
 * @param content its text
 * @param singleWord whether it matches only between characters that are not word characters
 * @param stripsLeft whether it includes the white space before it
 * @param stripsRight whether it includes the white space after it
 * @param normalized whether its normal form is searched in the normalized text
 * @param special whether decoding may leave it out
 */
public record AddedToken(
    String content,
    boolean singleWord,
    boolean stripsLeft,
    boolean stripsRight,
    boolean normalized,
    boolean special) {

  /** A special token that is matched literally, such as {@code "</s>"}. */
  public static AddedToken special(String content) {
    return new AddedToken(content, false, false, false, false, true);
  }

  /** This token as a special one. */
  public AddedToken asSpecial() {
    return new AddedToken(content, singleWord, stripsLeft, stripsRight, normalized, true);
  }
}
