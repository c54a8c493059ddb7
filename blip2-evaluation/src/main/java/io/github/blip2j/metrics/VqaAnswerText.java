package io.github.blip2j.metrics;

import io.github.blip2j.text.unicode.LowerCase;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The normal form of answers that VQA's official evaluation compares (Antol et al. 2015, appendix),
 * with the slips of its code, which LAVIS shares.
 *
 * <p>A punctuation mark is deleted if it has a blank beside it anywhere in the text, or if the text
 * has a comma between digits; otherwise it becomes a blank. The marks {@code ' : . $ % & #} are not
 * among them. Of the periods that no digit follows, the first 32 are deleted. Then the text becomes
 * lower case, number words become digits, articles go and contractions get their apostrophe.
 */
public final class VqaAnswerText {
  private static final String MARKS = ";/[]\"{}()=+\\_-><@`,?!";
  private static final int MOST_PERIODS = 32; // a flag that is passed as a count

  private static final Pattern COMMA = Pattern.compile("\\p{Nd},\\p{Nd}");
  private static final Pattern PERIOD = Pattern.compile("\\.(?!\\p{Nd})");
  private static final Pattern SPACES = Pattern.compile("[\\s\\x1c-\\x1f\\x85\\p{Z}]+");
  private static final Pattern ENDS =
      Pattern.compile("\\A" + SPACES.pattern() + "|" + SPACES.pattern() + "\\z");
  private static final Set<String> ARTICLES = Set.of("a", "an", "the");
  private static final Map<String, String> NUMBERS =
      Map.ofEntries(
          Map.entry("none", "0"),
          Map.entry("zero", "0"),
          Map.entry("one", "1"),
          Map.entry("two", "2"),
          Map.entry("three", "3"),
          Map.entry("four", "4"),
          Map.entry("five", "5"),
          Map.entry("six", "6"),
          Map.entry("seven", "7"),
          Map.entry("eight", "8"),
          Map.entry("nine", "9"),
          Map.entry("ten", "10"));

  /**
   * The contractions that are looked for without one of their apostrophes, whichever it is. Those
   * with a capital letter are left out, for the words compared have none.
   */
  private static final String CONTRACTED =
      "ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've"
          + " hasn't haven't he'd he'd've he's how'd how'll how's isn't it'd it'd've it'll ma'am"
          + " mightn't mightn't've might've mustn't must've needn't not've o'clock oughtn't"
          + " 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll"
          + " somebody's someone'd someone'd've someone'll someone's something'd something'd've"
          + " something'll that's there'd there'd've there're there's they'd they'd've they'll"
          + " they're they've 'twas wasn't we'd've we've weren't what'll what're what's what've"
          + " when's where'd where's where've who'd who'd've who'll who's who've why'll why're"
          + " why's won't would've wouldn't wouldn't've y'all y'all'll y'all'd've you'd you'd've"
          + " you'll you're you've";

  private static final Map<String, String> CONTRACTIONS = contractions();

  private VqaAnswerText() {}

  /** The normal form of a model's answer. */
  public static String normalize(String answer) {
    String line = answer.replace('\n', ' ').replace('\t', ' ');
    return withoutArticles(withoutPunctuation(ENDS.matcher(line).replaceAll("")));
  }

  /** The form of a person's answer where not all people agree: the case and all words stay. */
  public static String withoutPunctuation(String answer) {
    boolean grouped = COMMA.matcher(answer).find();
    String text = answer;
    for (int i = 0; i < MARKS.length(); i++) {
      String mark = MARKS.substring(i, i + 1);
      boolean beside = answer.contains(mark + " ") || answer.contains(" " + mark);
      text = text.replace(mark, beside || grouped ? "" : " ");
    }
    for (int i = 0; i < MOST_PERIODS && text.indexOf('.') >= 0; i++) {
      String fewer = PERIOD.matcher(text).replaceFirst("");
      if (fewer.equals(text)) {
        break;
      }
      text = fewer;
    }
    return text;
  }

  /** Lower case, digits for number words, no articles, contractions with their apostrophes. */
  static String withoutArticles(String text) {
    List<String> words = new ArrayList<>();
    for (String word : SPACES.split(LowerCase.python(text), -1)) {
      String number = NUMBERS.getOrDefault(word, word);
      if (!number.isEmpty() && !ARTICLES.contains(number)) {
        words.add(CONTRACTIONS.getOrDefault(number, number));
      }
    }
    return String.join(" ", words);
  }

  private static Map<String, String> contractions() {
    Map<String, String> found = new HashMap<>();
    for (String word : CONTRACTED.split(" ", -1)) {
      for (int at = word.indexOf('\''); at >= 0; at = word.indexOf('\'', at + 1)) {
        found.put(word.substring(0, at) + word.substring(at + 1), word);
      }
    }
    found.put("somebody'd", "somebodyd"); // the other way round in the reference
    return Map.copyOf(found);
  }
}
