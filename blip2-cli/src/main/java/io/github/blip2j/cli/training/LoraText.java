package io.github.blip2j.cli.training;

import io.github.blip2j.adapter.LoraSettings;
import io.github.blip2j.io.file.NearNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A LoRA as a command line writes it: {@code r=8,alpha=16,targets=q_proj,v_proj}, with {@code
 * dropout=F}, {@code rslora=true} and {@code pattern=REGEX}, which replaces targets and comes last.
 */
final class LoraText {
  private static final List<String> KEYS =
      List.of("r", "alpha", "dropout", "rslora", "targets", "pattern");
  private static final String PATTERN = "pattern=";

  private LoraText() {}

  /**
   * Reads settings.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  static LoraSettings read(String text) {
    Map<String, String> values = values(text);
    String targets = values.getOrDefault("targets", "");
    if (values.containsKey("pattern") == !targets.isEmpty()) {
      throw new IllegalArgumentException(
          "--lora: targets or pattern expected, got '"
              + text
              + "'; targets=q_proj,v_proj is usual");
    }
    LoraSettings settings =
        targets.isEmpty()
            ? LoraSettings.matching(values.getOrDefault("pattern", ""))
            : LoraSettings.of(targets.split(",", -1));
    double rank = number(values, "r", settings.rank());
    if (rank != Math.rint(rank) || rank > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("--lora: r expected whole, got " + values.get("r"));
    }
    settings =
        settings
            .withRank((int) rank)
            .withAlpha(number(values, "alpha", settings.alpha()))
            .withDropout(number(values, "dropout", 0));
    return isTrue(values.getOrDefault("rslora", "false")) ? settings.withRootOfRank() : settings;
  }

  private static Map<String, String> values(String text) {
    Map<String, String> values = new LinkedHashMap<>();
    int at = (',' + text).indexOf(',' + PATTERN);
    String list = at < 0 ? text : text.substring(0, Math.max(0, at - 1));
    if (at >= 0) {
      values.put("pattern", text.substring(at + PATTERN.length()));
    }
    String last = "";
    for (String part : list.isEmpty() ? new String[0] : list.split(",", -1)) {
      int equal = part.indexOf('=');
      if (equal < 0 && last.equals("targets")) {
        values.merge(last, part, (all, next) -> all + "," + next);
      } else {
        last = key(equal < 0 ? part : part.substring(0, equal));
        if (equal < 0 || values.put(last, part.substring(equal + 1)) != null) {
          throw new IllegalArgumentException(
              "--lora: " + last + " expected once with a value, got '" + text + "'");
        }
      }
    }
    return values;
  }

  private static String key(String given) {
    if (!KEYS.contains(given)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--lora: setting expected among %s, got '%s'; %s?",
              String.join(", ", KEYS),
              given,
              NearNames.of(given, KEYS, 1).get(0)));
    }
    return given;
  }

  private static double number(Map<String, String> values, String key, double absent) {
    String given = values.get(key);
    if (given == null) {
      return absent;
    }
    try {
      return Double.parseDouble(given);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "--lora: " + key + " expected a number, got '" + given + "'", e);
    }
  }

  private static boolean isTrue(String given) {
    if (!given.equals("true") && !given.equals("false")) {
      throw new IllegalArgumentException("--lora: rslora expected true or false, got " + given);
    }
    return given.equals("true");
  }
}
