package io.github.blip2j.metrics;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A rule of the tokenizer. At each position the rule with the longest match decides, and of equally
 * long ones the first.
 *
 * @param pattern what is matched; if it has a group, that is the token and the rest only context
 * @param token what becomes of the matched text; an empty result is no token
 */
record PtbRule(Pattern pattern, UnaryOperator<String> token) {
  /** A token of the text, and where the next begins. */
  record Found(String token, int end) {}

  private static final String LETTER = "[\\p{L}\\p{M}]";
  private static final String WORD = "[\\p{L}\\p{M}\\p{Nd}]";
  private static final String QUOTE = "['\u2019]"; // an apostrophe
  private static final String NUMBER = "\\p{Nd}*(?:[.,:]\\p{Nd}+)+|\\p{Nd}+";
  private static final String INITIALS = "(?:" + LETTER + "\\.){2,}(?!" + WORD + ")";

  /** A single letter ends a sentence if one of these words begins the next. */
  private static final String INITIAL =
      LETTER
          + "\\.(?!"
          + WORD
          + "|\\s+(?i:a|about|according|additionally|after|an|as|at|but|earlier|he|her|here|however|if"
          + "|in|it|last|many|more|now|once|one|other|our|she|since|so|some|such|that|the|their|then"
          + "|there|these|they|this|we|what|when|while|yet|you)(?<=\\s\\p{Lu}\\p{L}{0,20})(?=\\s))";

  /** A part of a word with hyphens. */
  private static final String PART =
      "(?:[dolDOL]" + QUOTE + ")?(?:(?:" + LETTER + "\\.){2,}|" + WORD + "+)";

  /** A word that goes on after a period. */
  private static final String DOTTED = LETTER + WORD + "*(?:[.!?]" + LETTER + WORD + "*)*";

  /** The first part of a word with hyphens. */
  private static final String FIRST =
      "\\p{Nd}+(?:[.,]\\p{Nd}+)+|" + PtbAbbreviations.PATTERN + "(?=-\\p{L})|" + DOTTED + "(?=-)";

  private static final List<PtbRule> RULES =
      List.of(
          dropped("\\s+"),
          whole("</?[A-Za-z!?][^<>]*>"),
          same("(?:https?|ftp)://[^\\s\"<>|(){}]+"),
          same("[^\\s\"<>|(){}@]+@(?:[^\\s\"<>|(){}.@,;!?'`:]+\\.)*[^\\s\"<>|(){}.@,;!?'`:]+"),
          same("(?i)(?:www\\.)?(?:[a-z0-9-]+\\.)+(?:com|net|org|edu)(?:/[^\\s\"<>|(){}]*[\\w/])?"),
          // words that are written as one
          same("(?i)(can)not"),
          same("(?i)(gon|wan)na"),
          same("(?i)(got)ta"),
          same("(?i)(lem|gim)me"),
          apostrophe("(?i)(more)" + QUOTE + "n"),
          apostrophe("(?i)(" + QUOTE + "t)(?:is|was)"),
          // words with apostrophes
          apostrophe("(?i)(" + LETTER + "+?)n" + QUOTE + "t(?!" + LETTER + ")"),
          apostrophe("(?i)n" + QUOTE + "t(?!" + LETTER + ")"),
          apostrophe("(?i)" + QUOTE + "(?:s|m|d|re|ve|ll)(?!" + LETTER + ")"),
          apostrophe("(?i)" + QUOTE + "(?:em|till?|cause|n)(?!" + LETTER + ")"),
          apostrophe("(?i)" + QUOTE + "n" + QUOTE),
          apostrophe("(?i)[dol]" + QUOTE + LETTER + "+"),
          apostrophe("(?i)(?:ma" + QUOTE + "am|n?e" + QUOTE + "er)"),
          apostrophe("(?i)" + LETTER + "*[aeiou]" + QUOTE + "[aeiou]" + LETTER + "*"),
          apostrophe("(?i)(?:[djl]" + QUOTE + "|y" + QUOTE + "(?=" + LETTER + "))"),
          apostrophe(QUOTE + "\\p{Nd}{2}s?(?![\\p{L}\\p{Nd}\"]|(?<!s)')"),
          // abbreviations
          same(INITIALS),
          same(INITIAL),
          same("(?i)ph\\.d\\.?"),
          same(LETTER + "+\\.(?=[,;])"),
          same(PtbAbbreviations.PATTERN),
          // words and numbers
          same(DOTTED),
          apostrophe("(?:" + FIRST + "|" + PART + ")(?:[-_]" + PART + ")*"),
          same(WORD + "+(?:[-/]" + WORD + "+)*"),
          same("[A-Z]+(?:&[A-Z]+)+|[A-Z]\\+\\+"),
          same("[-+]?(?:" + NUMBER + ")"),
          whole(NUMBER + "[ \u00a0]+\\p{Nd}{1,2}/\\p{Nd}{1,2}(?![\\p{Nd}/])"),
          whole("\\(\\p{Nd}{3}\\)[ \u00a0]?\\p{Nd}{3}[- \u00a0]\\p{Nd}{4}"),
          same("[#@]" + LETTER + WORD + "*"),
          // punctuation
          same("[:;=][-']?[()DPp]"),
          same("\\^_\\^"),
          named("-{2,4}|[\u2012-\u2015]", "--"),
          same("-{5,}|[_*#]{2,}"),
          same("[!?]{2,}"),
          named("\u2026|\\.{3,}", "..."),
          same("''|``"),
          named("\"|[\u201c\u201d\u00ab\u00bb]", "''"),
          named("[\u2018\u2019\u201a\u201b]", "'"),
          named("&(?i:amp);", "&"),
          named("&(?i:lt);", "<"),
          named("&(?i:gt);", ">"),
          named("\u00a2", "cents"),
          named("\u00a3", "#"),
          named("[\u00a4\u20ac\u20a0]", "$"),
          named("\u00bd", "1/2"),
          named("\u00bc", "1/4"),
          named("\u00be", "3/4"),
          dropped("[\\x{10000}-\\x{10ffff}\\p{Cc}\\p{Cf}]"),
          same("[\\s\\S]"));

  /** The longest match at a position. */
  static Found longest(String text, int at) {
    PtbRule best = RULES.get(RULES.size() - 1);
    int longest = 0;
    int end = at;
    for (PtbRule rule : RULES) {
      Matcher found = rule.pattern.matcher(text).region(at, text.length());
      found.useTransparentBounds(true);
      if (found.lookingAt() && found.end() - at > longest) {
        best = rule;
        longest = found.end() - at;
        end = found.groupCount() > 0 ? found.end(1) : found.end();
      }
    }
    return new Found(bracketed(best.token.apply(text.substring(at, end))), end);
  }

  /** Brackets as the Treebank writes them. */
  private static String bracketed(String token) {
    if (token.startsWith("<") && token.endsWith(">")) {
      return token;
    }
    return token
        .replace("(", "-lrb-")
        .replace(")", "-rrb-")
        .replace("[", "-lsb-")
        .replace("]", "-rsb-")
        .replace("{", "-lcb-")
        .replace("}", "-rcb-");
  }

  private static PtbRule same(String pattern) {
    return new PtbRule(Pattern.compile(pattern), UnaryOperator.identity());
  }

  /** A token that may hold blanks, which become blanks that do not separate. */
  private static PtbRule whole(String pattern) {
    return new PtbRule(Pattern.compile(pattern), token -> token.replace(' ', '\u00a0'));
  }

  private static PtbRule apostrophe(String pattern) {
    return new PtbRule(Pattern.compile(pattern), token -> token.replace('\u2019', '\''));
  }

  private static PtbRule named(String pattern, String name) {
    return new PtbRule(Pattern.compile(pattern), token -> name);
  }

  private static PtbRule dropped(String pattern) {
    return named(pattern, "");
  }
}
