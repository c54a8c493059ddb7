package io.github.blip2j.cli.runfile;

import io.github.blip2j.io.file.NearNames;
import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The keys that a command's run file may have: {@code section.option}, where the section tells what
 * the option is about, and LAVIS's.
 */
final class RunKeys {
  private static final Map<String, String> SECTIONS =
      Map.of(
          "OptimizerOptions", "optim",
          "DataOptions", "data",
          "TuningOptions", "model",
          "LoraOptions", "model",
          "QuestionOptions", "model",
          "StageOneOptions", "model",
          "StageOneSizes", "model",
          "StageOneLosses", "model",
          "StageTwoOptions", "model");
  private static final String OTHERWISE = "run";
  private static final Set<Class<?>> INTEGERS =
      Set.of(int.class, Integer.class, long.class, Long.class);
  private static final int MOST_DIGITS = 19; // of a long

  private final String where;
  private final CommandSpec command;
  private final Map<String, OptionSpec> own = new TreeMap<>();

  RunKeys(String where, CommandSpec command) {
    this.where = where;
    this.command = command;
    for (OptionSpec option : command.options()) {
      if (option.userObject() instanceof Field field && isOfRun(option)) {
        String type = field.getDeclaringClass().getSimpleName();
        String section = SECTIONS.getOrDefault(type, OTHERWISE);
        for (String name : option.names()) {
          if (name.startsWith("--")) {
            own.put(section + "." + plain(name.substring(2)), option);
          }
        }
      }
    }
  }

  private static boolean isOfRun(OptionSpec option) {
    String name = nameOf(option);
    return !option.usageHelp()
        && !option.versionHelp()
        && !name.equals(RunFileOptions.CONFIG)
        && !name.equals(RunFileOptions.SET);
  }

  /** The name that an option is known by here: its first. */
  static String nameOf(OptionSpec option) {
    return option.names()[0];
  }

  /** A key as it is compared. */
  static String plain(String key) {
    return key.strip().replace('-', '_');
  }

  /**
   * The values of options, by their first names.
   *
   * @throws IllegalArgumentException naming an unknown key and the nearest known one, or keys that
   *     contradict each other
   */
  Map<String, String> options(Map<String, String> values, Consumer<String> note) {
    Map<String, String> options = new LinkedHashMap<>();
    Map<String, String> keys = new LinkedHashMap<>();
    List<String> ignored = new ArrayList<>();
    values.forEach(
        (key, value) -> {
          @Nullable OptionSpec option = own.get(key);
          LavisKeys.@Nullable Equal equal = option == null ? LavisKeys.equal(key) : null;
          if (option != null) {
            put(option, key, value, options, keys);
          } else if (equal != null) {
            lavis(equal, key, value, options, keys, ignored);
          } else if (LavisKeys.isWithoutEffect(key)) {
            ignored.add(key);
          } else {
            throw unknown(key);
          }
        });
    if (!ignored.isEmpty()) {
      note.accept(
          String.format(
              Locale.ROOT,
              "%s: keys of LAVIS without effect here: %s",
              where,
              String.join(", ", ignored)));
    }
    return options;
  }

  private void lavis(
      LavisKeys.Equal equal,
      String key,
      String value,
      Map<String, String> options,
      Map<String, String> keys,
      List<String> ignored) {
    String own = value(equal, key, value);
    for (String name : equal.options()) {
      @Nullable OptionSpec option = command.findOption(name);
      if (option != null) {
        put(option, key, own, options, keys);
        return;
      }
    }
    if (own.isBlank() || own.equals("false")) {
      ignored.add(key);
      return;
    }
    throw new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "%s: key of %s expected, got %s, whose option %s it lacks; remove it",
            where,
            command.qualifiedName(),
            key,
            equal.options().get(0)));
  }

  private String value(LavisKeys.Equal equal, String key, String value) {
    try {
      return equal.value().apply(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(where + ": " + key + ": " + e.getMessage(), e);
    }
  }

  /** A whole number as the options of integers read it: YAML has 1e3 as 1000.0. */
  private static String whole(OptionSpec option, String value) {
    if (!INTEGERS.contains(option.type())) {
      return value;
    }
    try {
      var number = new BigDecimal(value.strip());
      long digits = (long) number.precision() - number.scale();
      return digits > MOST_DIGITS ? value : number.toBigIntegerExact().toString();
    } catch (ArithmeticException | NumberFormatException e) { // the option says what it expects
      return value;
    }
  }

  private void put(
      OptionSpec option,
      String key,
      String given,
      Map<String, String> options,
      Map<String, String> keys) {
    String value = whole(option, given);
    String name = nameOf(option);
    @Nullable String before = options.get(name);
    if (before != null && name.equals("--data")) {
      options.put(name, before + "," + value); // several data sets
      return;
    }
    if (before != null && !before.equals(value)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: one value of %s expected, got %s: %s and %s: %s; leave one out",
              where,
              name,
              keys.get(name),
              before,
              key,
              value));
    }
    options.put(name, value);
    keys.put(name, key);
  }

  private IllegalArgumentException unknown(String key) {
    String name = key.substring(key.lastIndexOf('.') + 1);
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT,
            "%s: key of %s expected, got %s; %s?",
            where,
            command.qualifiedName(),
            key,
            own.keySet().stream()
                .filter(each -> each.endsWith("." + name)) // of another section
                .findFirst()
                .orElseGet(() -> nearest(key))));
  }

  private String nearest(String key) {
    TreeSet<String> known = new TreeSet<>(own.keySet());
    LavisKeys.all().forEach(known::add);
    return NearNames.of(LavisKeys.common(key), known, 1).get(0);
  }
}
