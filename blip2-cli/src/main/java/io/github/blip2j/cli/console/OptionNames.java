package io.github.blip2j.cli.console;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The options that stand for the settings which messages of the library name. */
final class OptionNames {
  private static final Map<String, String> OPTIONS =
      Map.ofEntries(
          Map.entry("maxNewTokens", "--max-new-tokens"),
          Map.entry("minNewTokens", "--min-new-tokens"),
          Map.entry("numBeams", "--num-beams"),
          Map.entry("numReturnSequences", "--num-return"),
          Map.entry("lengthPenalty", "--length-penalty"),
          Map.entry("repetitionPenalty", "--repetition-penalty"),
          Map.entry("noRepeatNgramSize", "--no-repeat-ngram-size"),
          Map.entry("temperature", "--temperature"),
          Map.entry("topK", "--top-k"),
          Map.entry("topP", "--top-p"),
          Map.entry("maxTextTokens", "--max-text-tokens"),
          Map.entry("maxOutputTokens", "--max-output-tokens"));

  /** A setting of a program, alone or with its value; a settings file may have a temperature. */
  private static final Pattern SETTING =
      Pattern.compile("\\b((?<=^decoding: )temperature|[a-z]+([A-Z][a-z]*)+)\\b(?= |=|$)");

  private OptionNames() {}

  /** The message with options in place of the settings that it names. */
  static String in(String message) {
    return SETTING
        .matcher(message)
        .replaceAll(
            found -> {
              String setting = found.group(1);
              return Matcher.quoteReplacement(OPTIONS.getOrDefault(setting, setting));
            });
  }
}
