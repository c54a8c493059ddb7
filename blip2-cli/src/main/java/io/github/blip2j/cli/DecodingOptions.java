package io.github.blip2j.cli;

import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.EarlyStopping;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * How to turn scores into words; names are those of Hugging Face's generate, and so are defaults
 * unless the model follows LAVIS.
 */
final class DecodingOptions {
  /** What {@link Decoding} calls the options in its messages. */
  private static final Map<String, String> OPTIONS = new LinkedHashMap<>();

  static {
    OPTIONS.put("maxNewTokens", "--max-new-tokens");
    OPTIONS.put("minNewTokens", "--min-new-tokens");
    OPTIONS.put("beams", "--num-beams");
    OPTIONS.put("returning", "--num-return");
    OPTIONS.put("lengthPenalty", "--length-penalty");
    OPTIONS.put("repetitionPenalty", "--repetition-penalty");
    OPTIONS.put("noRepeatNgramSize", "--no-repeat-ngram-size");
    OPTIONS.put("temperature", "--temperature");
    OPTIONS.put("topK", "--top-k");
    OPTIONS.put("topP", "--top-p");
  }

  @Option(
      names = "--num-beams",
      paramLabel = "N",
      description = "Beams of the search; 1 is greedy.")
  @Nullable Integer beams;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description = "Longest text in tokens, its end included; 20 by default.")
  @Nullable Integer maxNewTokens;

  @Option(
      names = "--min-new-tokens",
      paramLabel = "N",
      description = "Tokens before which the text must not end.")
  @Nullable Integer minNewTokens;

  @Option(
      names = "--length-penalty",
      paramLabel = "F",
      description = "For beams: above 0 favours long texts, below 0 short ones; 1 by default.")
  @Nullable Double lengthPenalty;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "F",
      description = "Factor against tokens that occurred; 1 for none.")
  @Nullable Double repetitionPenalty;

  @Option(
      names = "--no-repeat-ngram-size",
      paramLabel = "N",
      description = "Length of token sequences that may occur only once.")
  @Nullable Integer noRepeatNgramSize;

  @Option(
      names = "--early-stopping",
      arity = "0..1",
      paramLabel = "true|false|never",
      preprocessor = AttachedValue.class,
      converter = EarlyStoppingName.class,
      description = "For beams: whether to stop as soon as there are enough texts.")
  @Nullable EarlyStopping earlyStopping;

  @Option(names = "--num-return", paramLabel = "N", description = "Texts for each image.")
  @Nullable Integer returning;

  @Option(names = "--sample", description = "Draw tokens at random instead of taking the best.")
  boolean sample;

  @Option(
      names = "--top-p",
      paramLabel = "F",
      description = "With --sample: draw from the fewest tokens with this probability.")
  @Nullable Double topP;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "With --sample: draw from this many best tokens; 50 by default, 0 for all.")
  @Nullable Integer topK;

  @Option(
      names = "--temperature",
      paramLabel = "F",
      description = "With --sample: above 1 more adventurous, below 1 less.")
  @Nullable Double temperature;

  @Option(names = "--seed", paramLabel = "N", description = "With --sample: start of the draws.")
  @Nullable Long seed;

  /**
   * The settings, those that no option gives being {@code usual}.
   *
   * @throws IllegalArgumentException if one is out of range or two contradict each other; it names
   *     the options
   */
  Decoding over(Decoding usual) {
    try {
      // Each step is checked: what makes room comes before what needs it.
      Decoding decoding = sample ? usual.sampling() : usual;
      decoding = set(decoding, beams, Decoding::withBeams);
      decoding = set(decoding, maxNewTokens, Decoding::maxNewTokens);
      decoding = set(decoding, minNewTokens, Decoding::minNewTokens);
      decoding = set(decoding, returning, Decoding::returning);
      decoding = set(decoding, lengthPenalty, Decoding::lengthPenalty);
      decoding = set(decoding, earlyStopping, Decoding::earlyStopping);
      decoding = set(decoding, repetitionPenalty, Decoding::repetitionPenalty);
      decoding = set(decoding, noRepeatNgramSize, Decoding::noRepeatNgramSize);
      decoding = set(decoding, temperature, Decoding::temperature);
      decoding = set(decoding, topK, Decoding::topK);
      decoding = set(decoding, topP, Decoding::topP);
      return set(decoding, seed, Decoding::seed);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(inOptions(String.valueOf(e.getMessage())), e);
    }
  }

  /** Options that change nothing in this combination. */
  List<String> idle(Decoding decoding) {
    List<String> idle = new ArrayList<>();
    if (!sample) {
      note(idle, topP, "--top-p has no effect without --sample");
      note(idle, topK, "--top-k has no effect without --sample");
      note(idle, temperature, "--temperature has no effect without --sample");
      note(idle, seed, "--seed has no effect without --sample");
    }
    if (decoding.beams() == 1) {
      note(idle, lengthPenalty, "--length-penalty has no effect without --num-beams");
      note(idle, earlyStopping, "--early-stopping has no effect without --num-beams");
    }
    return idle;
  }

  private static void note(List<String> notes, @Nullable Object value, String note) {
    if (value != null) {
      notes.add(note);
    }
  }

  private static <T> Decoding set(
      Decoding decoding, @Nullable T value, BiFunction<Decoding, T, Decoding> setting) {
    return value == null ? decoding : setting.apply(decoding, value);
  }

  private static String inOptions(String message) {
    String said = message;
    for (Map.Entry<String, String> option : OPTIONS.entrySet()) {
      said = said.replaceAll("\\b" + option.getKey() + "(?= expected|=)", option.getValue());
    }
    return said.replace("raise maxNewTokens first", "raise --max-new-tokens");
  }
}
