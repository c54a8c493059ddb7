package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.unicode.Graphemes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.Locale;

/**
 * SentencePiece's table of replacements (Kudo and Richardson 2018): a double-array trie (Aoe 1989)
 * over UTF-8, whose values are offsets in a string of zero-terminated replacements.
 *
 * <p>As in the tokenizers library, a grapheme of fewer than six bytes is looked up first, and the
 * shortest key that begins it replaces all of it.
 */
final class PrecompiledNormalizer implements Normalizer {
  private static final int LONGEST_GRAPHEME = 5;

  private final int[] trie;
  private final byte[] replacements;

  private PrecompiledNormalizer(int[] trie, byte[] replacements) {
    this.trie = trie;
    this.replacements = replacements;
  }

  /**
   * Reads a table: the trie's size in bytes, the trie, the replacements.
   *
   * @throws IllegalArgumentException if the table is invalid
   */
  static PrecompiledNormalizer parse(String base64) {
    ByteBuffer bytes = decoded(base64).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.remaining() < 4) {
      throw new IllegalArgumentException(
          "a trie expected behind its size, got " + bytes.remaining() + " bytes in all");
    }
    int size = bytes.getInt();
    if (size < 4 || size % 4 != 0 || size > bytes.remaining()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "a trie expected of %d bytes, got %d that follow",
              Integer.toUnsignedLong(size),
              bytes.remaining()));
    }
    int[] trie = new int[size / 4];
    bytes.asIntBuffer().get(trie);
    bytes.position(4 + size);
    byte[] replacements = new byte[bytes.remaining()];
    bytes.get(replacements);
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(replacements));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("replacements expected UTF-8, got other bytes", e);
    }
    return new PrecompiledNormalizer(trie, replacements);
  }

  private static ByteBuffer decoded(String base64) {
    try {
      return ByteBuffer.wrap(Base64.getDecoder().decode(base64));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("base64 expected, got other text", e);
    }
  }

  @Override
  public Piece apply(Piece piece, Budget budget) {
    String text = piece.text();
    budget.charge(10L * text.length());
    var out = new StringBuilder(text.length() + 16);
    int head = 0;
    for (int i = 0; i < text.length(); ) {
      int end = i + Character.charCount(text.codePointAt(i));
      if (isGraphemeLonger(text, i, end)) {
        end = Graphemes.end(text, i);
      }
      int before = out.length();
      appendGrapheme(text, i, end, out);
      budget.charge(out.length() - before);
      if (i < piece.head()) {
        head = out.length();
      }
      i = end;
    }
    return new Piece(out.toString(), head);
  }

  /** Whether a grapheme may have more than one character; a fast check for most text. */
  private static boolean isGraphemeLonger(String text, int from, int end) {
    if (end == text.length()) {
      return false;
    }
    return text.charAt(end) >= 0x300 || text.charAt(from) == '\r' || text.charAt(from) >= 0x600;
  }

  private void appendGrapheme(String text, int from, int to, StringBuilder out) {
    if (to - from <= LONGEST_GRAPHEME) {
      byte[] utf8 = text.substring(from, to).getBytes(StandardCharsets.UTF_8);
      int value = utf8.length <= LONGEST_GRAPHEME ? lookUp(utf8) : -1;
      if (value >= 0) {
        appendReplacement(value, out);
        return;
      }
    }
    for (int i = from; i < to; ) {
      int codePoint = text.codePointAt(i);
      int value = lookUp(Character.toString(codePoint).getBytes(StandardCharsets.UTF_8));
      if (value >= 0) {
        appendReplacement(value, out);
      } else {
        out.appendCodePoint(codePoint);
      }
      i += Character.charCount(codePoint);
    }
  }

  /** The value of the shortest key that begins {@code utf8}, or -1. */
  private int lookUp(byte[] utf8) {
    int node = offset(trie[0]);
    for (byte b : utf8) {
      int label = b & 0xFF;
      if (label == 0) {
        return -1;
      }
      node ^= label;
      if (node >= trie.length) {
        return -1;
      }
      int unit = trie[node];
      if ((unit & 0x8000_00FF) != label) {
        return -1;
      }
      node ^= offset(unit);
      if (node >= trie.length) {
        return -1;
      }
      if ((unit >>> 8 & 1) == 1) {
        return trie[node] & 0x7FFF_FFFF;
      }
    }
    return -1;
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 1 << 9) >>> 6);
  }

  private void appendReplacement(int from, StringBuilder out) {
    int to = Math.min(from, replacements.length);
    int start = to;
    while (to < replacements.length && replacements[to] != 0) {
      to++;
    }
    out.append(new String(Arrays.copyOfRange(replacements, start, to), StandardCharsets.UTF_8));
  }
}
