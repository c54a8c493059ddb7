package io.github.blip2j.metrics;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * How often each sequence of one to four words occurs in a text.
 *
 * @param words the number of words
 * @param counts by sequence, the words joined by blanks
 */
record NGrams(int words, Map<String, Integer> counts) {
  /** The longest sequences that BLEU and CIDEr count. */
  static final int LONGEST = 4;

  /** What Python's {@code split} takes for white space. */
  private static final Pattern SPACES = Pattern.compile("[\\s\\x1c-\\x1f\\x85\\p{Z}]+");

  static NGrams of(String line) {
    List<String> words = SPACES.splitAsStream(line).filter(word -> !word.isEmpty()).toList();
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (int from = 0; from < words.size(); from++) {
      var sequence = new StringBuilder();
      for (int to = from; to < Math.min(from + LONGEST, words.size()); to++) {
        sequence.append(to == from ? "" : " ").append(words.get(to));
        counts.merge(sequence.toString(), 1, Integer::sum);
      }
    }
    return new NGrams(words.size(), counts);
  }

  /** The sequences that occur. */
  Set<String> sequences() {
    return counts.keySet();
  }

  /** The length of a sequence in words, less one. */
  static int order(String sequence) {
    return (int) sequence.chars().filter(letter -> letter == ' ').count();
  }
}
