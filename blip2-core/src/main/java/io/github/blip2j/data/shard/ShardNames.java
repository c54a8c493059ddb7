package io.github.blip2j.data.shard;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of shards in braces, as shells and WebDataset expand them: {@code {000..123}} is a range of
 * numbers, with leading zeros if one of its ends has some, and {@code {a,b}} a choice.
 */
public final class ShardNames {
  private static final Pattern BRACES = Pattern.compile("\\{([^{}]*)}");
  private static final Pattern NESTED = Pattern.compile("\\{[^}]*\\{");
  private static final Pattern RANGE = Pattern.compile("(\\d{1,9})\\.\\.(\\d{1,9})");
  private static final int MOST = 1_000_000;

  private ShardNames() {}

  /** Whether a name is that of a shard. */
  public static boolean isShard(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return lower.endsWith(".tar") || lower.endsWith(".tar.gz") || lower.endsWith(".tgz");
  }

  /**
   * The names that a name with braces stands for, in order; the name itself if it has none.
   *
   * @throws IllegalArgumentException if braces are left open, hold neither a range nor a choice, or
   *     stand for more than a million names
   */
  public static List<String> expand(String name) {
    if (NESTED.matcher(name).find()) {
      throw wrong(name, "side by side, not inside each other");
    }
    List<String> names = List.of(name);
    while (names.get(0).indexOf('{') >= 0 || names.get(0).indexOf('}') >= 0) {
      List<String> expanded = new ArrayList<>();
      for (String each : names) {
        Matcher braces = BRACES.matcher(each);
        if (!braces.find()) {
          throw wrong(name, "closed and in pairs");
        }
        for (String choice : choices(name, braces.group(1))) {
          expanded.add(each.substring(0, braces.start()) + choice + each.substring(braces.end()));
        }
        requireFew(name, expanded.size());
      }
      names = expanded;
    }
    return List.copyOf(names);
  }

  private static List<String> choices(String name, String inside) {
    Matcher range = RANGE.matcher(inside);
    if (!range.matches()) {
      if (inside.indexOf(',') < 0) {
        throw wrong(name, "a range such as {000..123} or a choice such as {a,b}");
      }
      return List.of(inside.split(",", -1));
    }
    String first = range.group(1);
    String last = range.group(2);
    int from = Integer.parseInt(first);
    int to = Integer.parseInt(last);
    if (from > to) {
      throw wrong(name, "from the smaller to the larger number");
    }
    requireFew(name, 1L + to - from);
    boolean padded = (first.startsWith("0") && first.length() > 1) || last.startsWith("0");
    int width = padded ? Math.max(first.length(), last.length()) : 1;
    List<String> numbers = new ArrayList<>();
    for (int i = from; i <= to; i++) {
      numbers.add(String.format(Locale.ROOT, "%0" + width + "d", i));
    }
    return numbers;
  }

  private static void requireFew(String name, long count) {
    if (count > MOST) {
      throw wrong(name, "for at most " + MOST + " names");
    }
  }

  private static IllegalArgumentException wrong(String name, String expected) {
    return new IllegalArgumentException(
        String.format(Locale.ROOT, "data: braces of %s expected %s", name, expected));
  }
}
