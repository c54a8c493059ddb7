package io.github.blip2j.metrics;

import io.github.blip2j.text.unicode.LowerCase;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Words of captions as in the evaluation of COCO (Chen et al. 2015, section 3): the tokens of the
 * Penn Treebank in lower case, without punctuation.
 *
 * <p>These are the tokens of {@code pycocoevalcap} 1.2, which runs Stanford's CoreNLP 3.4.1 and
 * drops {@code . ? ! , : - -- ... ;}, quotes and the six brackets. The brackets are looked for in
 * upper case after the text became lower case, so {@code -lrb-} and {@code -rrb-} stay as words, as
 * do {@code !!} and {@code ?!}.
 *
 * <p>The rules are our own and were compared with CoreNLP. Unusual texts, such as addresses and
 * emoticons, may be split in other places.
 */
public final class PtbTokenizer {
  /** What {@code pycocoevalcap} drops, other than the brackets that it never meets. */
  private static final Set<String> DROPPED =
      Set.of("''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";");

  /** Words that rules split although they are letters only. */
  private static final Set<String> SPLIT =
      Set.of("cannot", "gonna", "gotta", "wanna", "lemme", "gimme");

  private PtbTokenizer() {}

  /** The words of a caption; none if it is blank or holds only punctuation. */
  public static List<String> words(String caption) {
    List<String> words = new ArrayList<>();
    for (String token : tokens(caption)) {
      if (!DROPPED.contains(token)) {
        words.add(token);
      }
    }
    return List.copyOf(words);
  }

  /** All tokens of a text in lower case, with punctuation. */
  static List<String> tokens(String text) {
    String line = text.replace('\n', ' ');
    List<String> tokens = new ArrayList<>();
    int at = 0;
    while (at < line.length()) {
      int plain = plainWordEnd(line, at);
      if (plain > at) {
        tokens.add(line.substring(at, plain).toLowerCase(Locale.ROOT));
        at = plain + 1;
        continue;
      }
      PtbRule.Found found = PtbRule.longest(line, at);
      String token = found.token();
      if (!token.isEmpty()) {
        tokens.add(LowerCase.python(token));
      }
      at = found.end();
    }
    return tokens;
  }

  /**
   * The end of a word of ASCII letters before a blank or the end of the text, which needs no rule;
   * otherwise -1.
   */
  private static int plainWordEnd(String line, int at) {
    int end = at;
    while (end < line.length()
        && (line.charAt(end) | 0x20) >= 'a'
        && (line.charAt(end) | 0x20) <= 'z') {
      end++;
    }
    boolean closed = end == line.length() || line.charAt(end) == ' ';
    return closed && !SPLIT.contains(line.substring(at, end).toLowerCase(Locale.ROOT)) ? end : -1;
  }
}
