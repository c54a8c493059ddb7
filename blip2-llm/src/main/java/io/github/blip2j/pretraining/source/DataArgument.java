package io.github.blip2j.pretraining.source;

import io.github.blip2j.data.shard.ShardNames;
import io.github.blip2j.io.file.PathName;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A data set as a user names it, such as {@code captions.json:2} or {@code shards/{000..123}.tar}.
 *
 * @param name a file as {@link io.github.blip2j.data.DataFile#parse} reads it, or the name of
 *     shards
 * @param weight its weight among several, or null
 */
public record DataArgument(String name, @Nullable Double weight) {
  private static final Pattern WEIGHT =
      Pattern.compile("(.+):([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?|[-+]?(?i:nan|inf(?:inity)?))");

  /**
   * Reads one or several, separated by commas outside braces.
   *
   * @throws IllegalArgumentException if a name is empty, a weight no number, or only some have one
   */
  public static List<DataArgument> parseAll(String text) {
    if (text.indexOf(',') >= 0 && exists(text)) { // a name with a comma
      return List.of(parse(text));
    }
    List<DataArgument> all = new ArrayList<>();
    int depth = 0;
    int begin = 0;
    for (int i = 0; i <= text.length(); i++) {
      char each = i == text.length() ? ',' : text.charAt(i);
      depth += each == '{' ? 1 : each == '}' ? -1 : 0;
      if (each == ',' && (depth <= 0 || i == text.length())) {
        all.add(parse(text.substring(begin, i)));
        begin = i + 1;
      }
    }
    return List.copyOf(all);
  }

  private static DataArgument parse(String text) {
    Matcher parts = WEIGHT.matcher(text);
    if (text.isBlank()) {
      throw new IllegalArgumentException("data: names expected between commas, got none");
    }
    if (exists(text) || !parts.matches()) {
      return new DataArgument(text, null);
    }
    double weight;
    try {
      weight = Double.parseDouble(parts.group(2));
    } catch (NumberFormatException e) { // also words
      weight = Double.NaN;
    }
    if (!(weight > 0) || Double.isInfinite(weight)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "data: weight of %s expected a number above 0, got %s; leave the set out, or the weight",
              parts.group(1),
              parts.group(2)));
    }
    return new DataArgument(parts.group(1), weight);
  }

  private static boolean exists(String name) {
    try {
      return Files.exists(PathName.typed(name));
    } catch (InvalidPathException e) { // no file system has such a name
      return false;
    }
  }

  /** Whether this names shards. */
  public boolean isShards() {
    return ShardNames.isShard(name);
  }
}
