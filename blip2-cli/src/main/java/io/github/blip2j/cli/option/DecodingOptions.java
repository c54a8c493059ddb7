package io.github.blip2j.cli.option;

import io.github.blip2j.generation.EarlyStopping;
import io.github.blip2j.generation.GenerationConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * How to decode logits into text; names are those of Hugging Face's generate, and so are the
 * defaults unless the model follows LAVIS.
 */
public final class DecodingOptions {
  @Option(
      names = "--num-beams",
      paramLabel = "N",
      description = "Beams of beam search; 1 is greedy decoding.")
  @Nullable Integer beams;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description = "Most tokens to generate, the end token included; 20 by default.")
  @Nullable Integer maxNewTokens;

  @Option(
      names = "--min-new-tokens",
      paramLabel = "N",
      description = "Fewest tokens to generate before the end token.")
  @Nullable Integer minNewTokens;

  @Option(
      names = "--length-penalty",
      paramLabel = "F",
      description = "For beams: above 0 favours long texts, below 0 short ones; 1 by default.")
  @Nullable Double lengthPenalty;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "F",
      description = "Divides the scores of tokens that occurred already; 1 for no penalty.")
  @Nullable Double repetitionPenalty;

  @Option(
      names = "--no-repeat-ngram-size",
      paramLabel = "N",
      description = "Length of the n-grams that may occur only once.")
  @Nullable Integer noRepeatNgramSize;

  @Option(
      names = "--early-stopping",
      arity = "0..1",
      paramLabel = "true|false|never",
      preprocessor = AttachedValue.class,
      converter = EarlyStoppingName.class,
      description = "For beams: whether to stop as soon as there are enough texts.")
  @Nullable EarlyStopping earlyStopping;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description =
          "End the text before this string, and the decoding with it; may be given several times.")
  List<String> stop = new ArrayList<>();

  @Option(names = "--num-return", paramLabel = "N", description = "Texts for each image.")
  @Nullable
  public Integer returning;

  @Option(names = "--sample", description = "Sample tokens instead of taking the likeliest.")
  boolean sample;

  @Option(
      names = "--top-p",
      paramLabel = "F",
      description = "With --sample: sample from the fewest tokens with this total probability.")
  @Nullable Double topP;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "With --sample: sample from the N likeliest tokens; 50 by default, 0 for all.")
  @Nullable Integer topK;

  @Option(
      names = "--temperature",
      paramLabel = "F",
      description = "With --sample: above 1 for more variety, below 1 for less.")
  @Nullable Double temperature;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "With --sample: seed of the random numbers.")
  @Nullable Long seed;

  /**
   * The settings of the options, with those of {@code usual} where no option is given.
   *
   * @throws IllegalArgumentException if one is out of range or two contradict each other
   */
  public GenerationConfig over(GenerationConfig usual) {
    // Each step is checked, so a limit is raised before the settings that need it raised.
    GenerationConfig decoding = sample ? usual.sampling() : usual;
    decoding = stop.isEmpty() ? decoding : decoding.stopStrings(stop);
    decoding = set(decoding, beams, GenerationConfig::numBeams);
    decoding = set(decoding, maxNewTokens, GenerationConfig::maxNewTokens);
    decoding = set(decoding, minNewTokens, GenerationConfig::minNewTokens);
    decoding = set(decoding, returning, GenerationConfig::numReturnSequences);
    decoding = set(decoding, lengthPenalty, GenerationConfig::lengthPenalty);
    decoding = set(decoding, earlyStopping, GenerationConfig::earlyStopping);
    decoding = set(decoding, repetitionPenalty, GenerationConfig::repetitionPenalty);
    decoding = set(decoding, noRepeatNgramSize, GenerationConfig::noRepeatNgramSize);
    decoding = set(decoding, temperature, GenerationConfig::temperature);
    decoding = set(decoding, topK, GenerationConfig::topK);
    decoding = set(decoding, topP, GenerationConfig::topP);
    return set(decoding, seed, GenerationConfig::seed);
  }

  /** Notes about the options that have no effect in this combination. */
  public List<String> idle(GenerationConfig decoding) {
    List<String> idle = new ArrayList<>();
    if (!sample) {
      note(idle, topP, "--top-p has no effect without --sample");
      note(idle, topK, "--top-k has no effect without --sample");
      note(idle, temperature, "--temperature has no effect without --sample");
      note(idle, seed, "--seed has no effect without --sample");
    }
    if (decoding.numBeams() == 1) {
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

  private static <T> GenerationConfig set(
      GenerationConfig decoding,
      @Nullable T value,
      BiFunction<GenerationConfig, T, GenerationConfig> setting) {
    return value == null ? decoding : setting.apply(decoding, value);
  }
}
