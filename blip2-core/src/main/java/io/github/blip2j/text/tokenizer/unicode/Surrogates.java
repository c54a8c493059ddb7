package io.github.blip2j.text.tokenizer.unicode;

/** Unpaired halves of surrogate pairs, which Java strings may contain and valid text does not. */
public final class Surrogates {
  private Surrogates() {}

  /** The index of the first unpaired half, or -1. */
  public static int unpaired(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isSurrogate(c)) {
        if (Character.isLowSurrogate(c)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return i;
        }
        i++;
      }
    }
    return -1;
  }

  /**
   * The text with U+FFFD for each unpaired half, as the Unicode standard recommends (chapter 5.22).
   */
  public static String replaced(String text) {
    int at = unpaired(text);
    if (at < 0) {
      return text;
    }
    var out = new StringBuilder(text);
    while (at >= 0) {
      out.setCharAt(at, '\uFFFD');
      int next = unpaired(text.substring(at + 1));
      at = next < 0 ? -1 : at + 1 + next;
    }
    return out.toString();
  }
}
