package io.github.blip2j.text.tokenizer;

import java.util.List;
import java.util.Random;

/** Texts of every script, with marks, controls, emoji, white space and tokens, all at random. */
final class RandomTexts {
  private static final List<String> ODD =
      List.of(
          "'s",
          "'t",
          "'re",
          "'VE",
          "n't",
          "'ll",
          "...",
          "!?",
          "\ufb01",
          "\u212b",
          "e\u0301",
          "\u2460",
          "\u00bd",
          "\u0130",
          "\u03a3",
          "\u03c2",
          "\u00df",
          "\ud83d\udc4d\ud83c\udffd",
          "\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67",
          "\ud83c\udde9\ud83c\uddea",
          "\u0915\u094d\u0937\u093f",
          "\u0e01\u0e47",
          "\u2581",
          "##",
          "<0x41>",
          "\u0120",
          "\uff03",
          "\uff8a\uff9e",
          "\u2163",
          "\u00b2",
          "\u0661\u0662",
          "</w>",
          "\r\n",
          "\ud800\udf39");
  private static final List<String> WORDS =
      List.of(
          "a", "the", "photo", "of", "red", "circle", "above", " blue", "square", "A", "Two",
          "cats", "ing", "ed", "re", " ", " ", "I'm", "do not", " ,", "12");
  private static final String SPACES =
      "\r\n\t\f\u000b\u00a0\u2028\u2029\u3000\u200b\u200d\ufeff\u0085\u1680\ufffd\u2009\u0000";

  private final Random random;
  private final List<String> tokens;

  /** With tokens such as {@code "</s>"} among the words. */
  RandomTexts(long seed, List<String> tokens) {
    this.random = new Random(seed);
    this.tokens = tokens;
  }

  String next() {
    var text = new StringBuilder();
    for (int parts = random.nextInt(25); parts > 0; parts--) {
      append(text);
    }
    return text.toString();
  }

  /** Ids, some of those given, some any below {@code size} or just beyond. */
  int[] ids(int size, int[] given) {
    return random
        .ints(random.nextInt(25))
        .map(
            any ->
                given.length > 0 && random.nextInt(4) == 0
                    ? given[random.nextInt(given.length)]
                    : random.nextInt(size + 2))
        .toArray();
  }

  private void append(StringBuilder text) {
    switch (random.nextInt(20)) {
      case 0 -> text.append(" ".repeat(1 + random.nextInt(3)));
      case 1 -> text.append((char) random.nextInt(0x80));
      case 2 -> text.append((char) (0x80 + random.nextInt(0x500)));
      case 3 -> text.append((char) random.nextInt(0xD800));
      case 4 -> text.appendCodePoint(0x10000 + random.nextInt(0x22000));
      case 5 -> text.append((char) (0x300 + random.nextInt(0x70)));
      case 6 -> text.append(SPACES.charAt(random.nextInt(SPACES.length())));
      case 7, 8 -> text.append(tokens.isEmpty() ? "x" : pick(tokens));
      case 9 -> text.append((char) (0x4E00 + random.nextInt(0x5000)));
      case 10 -> text.append((char) (0xAC00 + random.nextInt(11172)));
      case 11 -> text.append(pick(ODD));
      case 12 -> text.append((char) (0x1100 + random.nextInt(0x100)));
      case 13 -> text.append(random.nextInt(100_000));
      case 14 -> text.append((char) (0x0900 + random.nextInt(0x600)));
      case 15 -> text.append((char) (0xE000 + random.nextInt(0x2000)));
      default -> text.append(pick(WORDS));
    }
  }

  private String pick(List<String> from) {
    return from.get(random.nextInt(from.size()));
  }
}
