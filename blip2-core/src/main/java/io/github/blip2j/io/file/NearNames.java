package io.github.blip2j.io.file;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;

/** Known names that an unknown one may have been meant for, for messages. */
public final class NearNames {
  private NearNames() {}

  /**
   * The known names that are nearest to a name by edit distance (Levenshtein 1966), the nearest
   * first.
   *
   * @param most how many at the most
   */
  public static List<String> of(String name, Collection<String> known, int most) {
    return nearest(known, most, each -> distance(name, each));
  }

  /** The known names whose first characters are nearest to a beginning of a name. */
  public static List<String> beginningLike(String beginning, Collection<String> known, int most) {
    int length = beginning.length();
    return nearest(
        known,
        most,
        each -> distance(beginning, each.substring(0, Math.min(length, each.length()))));
  }

  private static List<String> nearest(
      Collection<String> known, int most, ToIntFunction<String> distance) {
    return known.stream()
        .distinct()
        .sorted(Comparator.comparingInt(distance).thenComparing(Comparator.naturalOrder()))
        .limit(most)
        .toList();
  }

  /** How many characters have to be added, removed or replaced. */
  static int distance(String from, String to) {
    int[] costs = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      costs[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      int diagonal = costs[0];
      costs[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        diagonal = costs[j];
        costs[j] = Math.min(replaced, Math.min(costs[j], costs[j - 1]) + 1);
      }
    }
    return costs[to.length()];
  }
}
