package io.github.blip2j.text.tokenizer.unicode;

import java.nio.charset.StandardCharsets;

/** Decodes UTF-8 that may be invalid. */
public final class Utf8 {
  private Utf8() {}

  /**
   * The text, with one U+FFFD for every maximal invalid part (Unicode standard, chapter 3.9), as in
   * Rust and Python. Java's decoder differs in some cases.
   */
  public static String decode(byte[] bytes) {
    var out = new StringBuilder(bytes.length);
    for (int i = 0; i < bytes.length; ) {
      int length = validLength(bytes, i);
      if (length > 0) {
        out.append(new String(bytes, i, length, StandardCharsets.UTF_8));
        i += length;
      } else {
        out.append('\uFFFD');
        i -= length;
      }
    }
    return out.toString();
  }

  /**
   * The length of the valid sequence at {@code from}, or the negative length of the invalid part
   * there.
   */
  private static int validLength(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length) {
      int length = characterLength(bytes, at);
      if (length < 0) {
        return at > from ? at - from : length;
      }
      at += length;
    }
    return at - from;
  }

  private static int characterLength(byte[] bytes, int at) {
    int first = bytes[at] & 0xFF;
    if (first < 0x80) {
      return 1;
    }
    int length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4) {
      return -1;
    }
    for (int i = 1; i < length; i++) {
      int next = at + i < bytes.length ? bytes[at + i] & 0xFF : 0;
      int low = i > 1 ? 0x80 : first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
      int high = i > 1 ? 0xBF : first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
      if (next < low || next > high) {
        return -i;
      }
    }
    return length;
  }
}
