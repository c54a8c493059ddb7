package io.github.blip2j.text.tokenizer.config;

/**
 * A token found in a text before the model sees it.
 *
 * @param content how it is spelled
 * @param singleWord whether it only counts where no word character touches it
 * @param stripsLeft whether it takes the white space before it
 * @param stripsRight whether it takes the white space behind it
 * @param normalized whether it is looked for after normalization, itself normalized
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
