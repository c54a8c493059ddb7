package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.unicode.UnicodeData;

/**
 * BERT's normalizer: removes control characters, puts spaces around Chinese characters, strips
 * accents and lower-cases, each step if it is enabled, in this order.
 */
record BertNormalizer(
    boolean cleansText, boolean splitsChinese, boolean stripsAccents, boolean lowersCase)
    implements Normalizer {
  private static final CodePointNormalizer CLEAN =
      (codePoint, out) -> {
        boolean kept = codePoint == '\t' || codePoint == '\n' || codePoint == '\r';
        if (kept || (codePoint != 0xFFFD && !UnicodeData.isOther(codePoint))) {
          out.appendCodePoint(UnicodeData.isWhiteSpace(codePoint) ? ' ' : codePoint);
        }
      };
  private static final CodePointNormalizer CHINESE =
      (codePoint, out) -> {
        if (isChinese(codePoint)) {
          out.append(' ').appendCodePoint(codePoint).append(' ');
        } else {
          out.appendCodePoint(codePoint);
        }
      };
  private static final CodePointNormalizer ACCENTS =
      (codePoint, out) -> {
        if (!UnicodeData.isNonSpacingMark(codePoint)) {
          out.appendCodePoint(codePoint);
        }
      };

  @Override
  public Piece apply(Piece piece, Budget budget) {
    Piece result = piece;
    if (cleansText) {
      result = CLEAN.apply(result, budget);
    }
    if (splitsChinese) {
      result = CHINESE.apply(result, budget);
    }
    if (stripsAccents) {
      result = ACCENTS.apply(UnicodeNormalizer.NFD.apply(result, budget), budget);
    }
    if (lowersCase) {
      result = new LowercaseNormalizer().apply(result, budget);
    }
    return result;
  }

  /**
   * Whether a character is a CJK ideograph, which BERT treats as a word; kana and hangul are not.
   */
  private static boolean isChinese(int c) {
    return (c >= 0x4E00 && c <= 0x9FFF)
        || (c >= 0x3400 && c <= 0x4DBF)
        || (c >= 0x20000 && c <= 0x2A6DF)
        || (c >= 0x2A700 && c <= 0x2B73F)
        || (c >= 0x2B740 && c <= 0x2B81F)
        || (c >= 0x2B920 && c <= 0x2CEAF) // the library has this for 2B820, and so have checkpoints
        || (c >= 0xF900 && c <= 0xFAFF)
        || (c >= 0x2F800 && c <= 0x2FA1F);
  }
}
