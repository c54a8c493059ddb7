package io.github.blip2j.evaluation.data;

import io.github.blip2j.data.DataException;
import io.github.blip2j.io.file.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The classes of a classification, in the order of their numbers.
 *
 * @param keys as the data name them; the names themselves, unless the list says otherwise
 * @param names as they stand in prompts
 */
public record ClassNames(List<String> keys, List<String> names) {
  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException if there are fewer than two classes, or not as many keys
   */
  public ClassNames {
    keys = List.copyOf(keys);
    names = List.copyOf(names);
    if (names.size() < 2 || keys.size() != names.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "classes: names expected at least 2, and as many keys, got %d and %d",
              names.size(),
              keys.size()));
    }
  }

  /**
   * Reads a list of classes: a name on each line, or a key, a tab and a name, as in {@code
   * n01440764 tench}. Line n is class n - 1.
   *
   * @throws DataException if a line before the last is blank, a key occurs twice, or there are
   *     fewer than two
   */
  public static ClassNames read(Path file) throws IOException {
    List<String> lines = new ArrayList<>(TextFile.lines(file, "class names"));
    while (!lines.isEmpty() && lines.get(lines.size() - 1).isBlank()) {
      lines.remove(lines.size() - 1);
    }
    List<String> keys = new ArrayList<>();
    List<String> names = new ArrayList<>();
    Map<String, Integer> seen = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      String line =
          i == 0 && lines.get(0).startsWith("\uFEFF") ? lines.get(0).substring(1) : lines.get(i);
      int tab = line.indexOf('\t');
      String key = (tab < 0 ? line : line.substring(0, tab)).strip();
      String name = line.substring(tab + 1).strip();
      if (key.isEmpty() || name.isEmpty()) {
        throw wrong(file, i, "class name expected, got a blank");
      }
      @Nullable Integer before = seen.put(key, i + 1);
      if (before != null) {
        throw wrong(file, i, "class expected once, got " + key + " on line " + before + " too");
      }
      keys.add(key);
      names.add(name);
    }
    if (names.size() < 2) {
      throw new DataException(
          file + ": class names expected on at least 2 lines, got " + names.size());
    }
    return new ClassNames(keys, names);
  }

  /** The number of classes. */
  public int size() {
    return names.size();
  }

  private static DataException wrong(Path file, int index, String what) {
    return new DataException(String.format(Locale.ROOT, "%s: line %d: %s", file, index + 1, what));
  }
}
