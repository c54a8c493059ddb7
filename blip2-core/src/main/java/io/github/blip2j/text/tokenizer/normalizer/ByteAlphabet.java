package io.github.blip2j.text.tokenizer.normalizer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * GPT-2's alphabet of bytes (Radford et al. 2019): a byte that is a visible Latin-1 character is
 * represented by it, the 68 others by the characters from U+0100 on, in order.
 */
public final class ByteAlphabet {
  private static final char[] CHARS = new char[256];
  private static final short[] BYTES = new short[256 + 68];

  static {
    Arrays.fill(BYTES, (short) -1);
    char next = 256;
    for (int b = 0; b < 256; b++) {
      boolean visible = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      char c = visible ? (char) b : next++;
      CHARS[b] = c;
      BYTES[c] = (short) b;
    }
  }

  private ByteAlphabet() {}

  static char charOf(byte b) {
    return CHARS[b & 0xFF];
  }

  /** The byte from 0 to 255 of a character, or -1. */
  public static int byteOf(char c) {
    return c < BYTES.length ? BYTES[c] : -1;
  }

  /** The characters of the bytes of the text's UTF-8. */
  public static String spell(String text) {
    int ascii = 0;
    while (ascii < text.length() && text.charAt(ascii) > ' ' && text.charAt(ascii) < 0x7F) {
      ascii++;
    }
    if (ascii == text.length()) {
      return text;
    }
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    var out = new StringBuilder(utf8.length);
    for (byte b : utf8) {
      out.append(charOf(b));
    }
    return out.toString();
  }
}
