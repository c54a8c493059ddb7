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
          Map.entry("stopStrings", "--stop"),
          Map.entry("temperature", "--temperature"),
          Map.entry("topK", "--top-k"),
          Map.entry("topP", "--top-p"),
          Map.entry("maxTextTokens", "--max-text-tokens"),
          Map.entry("maxOutputTokens", "--max-output-tokens"),
          Map.entry("maxSteps", "--max-steps"),
          Map.entry("logEvery", "--log-every"),
          Map.entry("checkpointEvery", "--checkpoint-every"),
          Map.entry("clipNorm", "--clip-norm"),
          Map.entry("weightDecay", "--weight-decay"));

  /** Beginnings of messages that name a setting by a word of everyday language. */
  private static final Map<String, String> BEGINNINGS =
      Map.ofEntries(
          Map.entry("schedule: epochs ", "--epochs "),
          Map.entry("schedule: rates ", "--lr and --min-lr: rates "),
          Map.entry("schedule: rate ", "--lr-decay-rate "),
          Map.entry("schedule: warm-up ", "--warmup-steps: warm-up "),
          Map.entry("warmup: batches ", "--warmup-steps "),
          Map.entry("warmup: from ", "--warmup-lr "),
          Map.entry("adamW: beta2 ", "--beta2 "),
          Map.entry("training: epochs ", "--epochs "),
          Map.entry("training: accumulate ", "--accumulate "),
          Map.entry("rank: preselecting ", "--preselect "),
          Map.entry("gradCam: layer ", "--layer "),
          Map.entry("threads: count of threads ", "--threads "),
          Map.entry("heads expected ", "--heads-vision and --heads-qformer: heads expected "));

  /** A setting of a program, alone or with its value; a settings file may have a temperature. */
  private static final Pattern SETTING =
      Pattern.compile("\\b((?<=^decoding: )temperature|[a-z]+([A-Z][a-z]*)+)\\b(?= |=|$)");

  private OptionNames() {}

  /** The message with options in place of the settings that it names. */
  static String in(String message) {
    for (Map.Entry<String, String> beginning : BEGINNINGS.entrySet()) {
      if (message.startsWith(beginning.getKey())) {
        return beginning.getValue() + message.substring(beginning.getKey().length());
      }
    }
    return SETTING
        .matcher(message)
        .replaceAll(
            found -> {
              String setting = found.group(1);
              return Matcher.quoteReplacement(OPTIONS.getOrDefault(setting, setting));
            });
  }
}
