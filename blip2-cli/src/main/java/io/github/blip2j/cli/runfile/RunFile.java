package io.github.blip2j.cli.runfile;

import io.github.blip2j.io.file.TextFile;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.schema.CoreSchema;
import picocli.CommandLine;

/**
 * The values of a run file, YAML 1.2 or JSON, by dotted keys. They become the defaults of a
 * command's options.
 */
public final class RunFile {
  private static final String SET = RunFileOptions.SET;
  private static final int DEEPEST = 16; // LAVIS's files have six sections in each other

  private RunFile() {}

  /**
   * Gives a command the values of the run file that its arguments name, as defaults of its options.
   *
   * @param root the parent of all commands
   * @param note receives a line about keys without effect
   * @throws IllegalArgumentException naming what is wrong in the file or with {@code --set}
   */
  public static void apply(CommandLine root, String[] args, Consumer<String> note)
      throws IOException {
    CommandLine command = root;
    int own = 0;
    while (own < args.length) {
      @Nullable CommandLine next = command.getSubcommands().get(args[own]);
      if (next == null) {
        break;
      }
      command = next;
      own++;
    }
    if (!command.getCommandSpec().optionsMap().containsKey(RunFileOptions.SET)) { // has no run file
      return;
    }
    Map<String, String> values = new LinkedHashMap<>();
    String where = SET;
    for (int i = own; i < args.length; i++) {
      @Nullable String file = valueOf(RunFileOptions.CONFIG, args, i);
      if (file != null) {
        where = file;
        flatten(file, "", read(Path.of(file)), 0, values);
      }
    }
    for (int i = own; i < args.length; i++) {
      @Nullable String pair = valueOf(RunFileOptions.SET, args, i);
      if (pair != null) {
        set(pair, values);
      }
    }
    if (!values.isEmpty()) {
      var keys = new RunKeys(where, command.getCommandSpec());
      Map<String, String> defaults = keys.options(values, note);
      command.setDefaultValueProvider(
          argument ->
              argument instanceof CommandLine.Model.OptionSpec option
                  ? defaults.get(RunKeys.nameOf(option))
                  : null);
    }
  }

  private static @Nullable String valueOf(String option, String[] args, int at) {
    if (args[at].startsWith(option + "=")) {
      return args[at].substring(option.length() + 1);
    }
    return args[at].equals(option) && at + 1 < args.length ? args[at + 1] : null;
  }

  private static void set(String pair, Map<String, String> values) {
    int equal = pair.indexOf('=');
    if (equal < 1) {
      throw new IllegalArgumentException(
          SET + ": key=value expected, got '" + pair + "'; " + SET + " optim.lr=1e-5 for example");
    }
    String key = RunKeys.plain(pair.substring(0, equal));
    values.keySet().removeIf(each -> each.startsWith(key + ".")); // a list's or section's
    values.remove(key);
    flatten(SET, key, given(pair.substring(equal + 1)), 0, values);
  }

  /** A value as YAML has it, if it is a list or null there; all else is the text as it is. */
  private static @Nullable Object given(String text) {
    if (!text.startsWith("[") && !text.equals("null") && !text.equals("~")) {
      return text;
    }
    try {
      @Nullable Object value = new Load(settings(SET)).loadFromString(text);
      return value == null || value instanceof List ? value : text;
    } catch (YamlEngineException e) { // a pattern that begins with a class of characters
      return text;
    }
  }

  private static LoadSettings settings(String label) {
    return LoadSettings.builder().setLabel(label).setSchema(new CoreSchema()).build();
  }

  private static Object read(Path file) throws IOException {
    try (Reader text = TextFile.open(file, "run file")) {
      @Nullable Object loaded = new Load(settings(file.toString())).loadFromReader(text);
      if (loaded instanceof Map<?, ?> map) {
        return map;
      }
      throw new IllegalArgumentException(
          file + ": keys with values expected, got " + (loaded == null ? "nothing" : "a value"));
    } catch (MarkedYamlEngineException e) {
      String line = e.getProblemMark().map(mark -> String.valueOf(mark.getLine() + 1)).orElse("?");
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: YAML or JSON expected, got malformed text in line %s; %s",
              file,
              line,
              e.getProblem()),
          e);
    } catch (YamlEngineException e) {
      throw new IllegalArgumentException(
          file + ": YAML or JSON expected, got malformed text; " + e.getMessage(), e);
    }
  }

  private static void flatten(
      String where, String path, @Nullable Object value, int depth, Map<String, String> into) {
    if (depth > DEEPEST) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: sections expected at most %d deep, got more; let no alias stand for its own"
                  + " section",
              where,
              DEEPEST));
    }
    if (value instanceof Map<?, ?> map) {
      map.forEach(
          (key, each) -> {
            String plain = RunKeys.plain(String.valueOf(key));
            flatten(where, path.isEmpty() ? plain : path + "." + plain, each, depth + 1, into);
          });
    } else if (value instanceof List<?> list) {
      if (list.stream().anyMatch(each -> each instanceof Map || each instanceof List)) {
        throw new IllegalArgumentException(
            where + ": " + path + " expected values in its list, got lists or keys");
      }
      into.put(path, String.join(",", list.stream().map(String::valueOf).toList()));
    } else if (value != null) {
      into.put(path, String.valueOf(value));
    }
  }
}
