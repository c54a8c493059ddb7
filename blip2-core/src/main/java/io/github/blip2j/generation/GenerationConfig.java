package io.github.blip2j.generation;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * How to decode logits into sequences: the search, its lengths, penalties and randomness.
 *
 * <p>Start from {@link #greedy}, {@link #beams} or {@link #sample} and change what differs, as in
 * {@code GenerationConfig.beams(5).maxNewTokens(30).numReturnSequences(3)}. Every intermediate
 * configuration must be valid. Defaults are those of Hugging Face's {@code generate}. As there, the
 * settings of a search that is not used are ignored: temperature, topK, topP and seed without
 * sampling, length penalty and early stopping without beams.
 *
 * @param maxNewTokens longest continuation, end token included; 20 by default
 * @param minNewTokens tokens before which no end token is allowed; 0 by default
 * @param numBeams beams kept for each prompt; 1 is no beam search
 * @param sampled whether tokens are sampled instead of taken from the top
 * @param temperature divides the logits before sampling, 1e-30 to 1e30; 1 by default
 * @param topK samples from this many likeliest tokens (Fan et al. 2018); 50 by default, 0 for all
 * @param topP samples from the fewest likeliest tokens with this total probability (Holtzman et al.
 *     2020); 1 by default
 * @param seed of sampling; equal seeds give equal sequences
 * @param lengthPenalty exponent of the length that divides a beam's score (after Wu et al. 2016);
 *     scores are negative, so above 0 favours long sequences; 1 by default
 * @param earlyStopping when a beam search stops before the length limit
 * @param repetitionPenalty factor against ids that occurred (Keskar et al. 2019); 1 for none
 * @param noRepeatNgramSize length of n-grams that must not occur twice; 0 for any
 * @param numReturnSequences sequences returned for each prompt
 * @param beamRules which rules a beam search follows; those of transformers 5 by default
 * @param stopStrings strings that end a sequence ({@code stop_strings}); none by default, see
 *     {@link StopStrings}
 * @param topLogProbabilities how many of the likeliest tokens are reported with every token; 0 by
 *     default
 */
public record GenerationConfig(
    int maxNewTokens,
    int minNewTokens,
    int numBeams,
    boolean sampled,
    double temperature,
    int topK,
    double topP,
    long seed,
    double lengthPenalty,
    EarlyStopping earlyStopping,
    double repetitionPenalty,
    int noRepeatNgramSize,
    int numReturnSequences,
    BeamRules beamRules,
    List<String> stopStrings,
    int topLogProbabilities) {
  private static final int MOST = 100_000; // rows of a batch; more is taken for a typing error
  private static final int MOST_BEAMS = 1000; // each step sorts beams times vocabulary scores

  // Scores divided by less, or bans by more, are no float32 any longer.
  private static final double LEAST_TEMPERATURE = 1e-30;
  private static final double MOST_TEMPERATURE = 1e30;

  /**
   * Checks every setting and that they agree.
   *
   * @throws IllegalArgumentException if a value is out of range or two contradict each other
   */
  public GenerationConfig {
    requireAtLeast(1, "maxNewTokens", maxNewTokens);
    requireAtLeast(0, "minNewTokens", minNewTokens);
    requireAtLeast(1, "numBeams", numBeams);
    requireAtLeast(0, "topK", topK);
    requireAtLeast(0, "noRepeatNgramSize", noRepeatNgramSize);
    requireAtLeast(1, "numReturnSequences", numReturnSequences);
    requireAtLeast(0, "topLogProbabilities", topLogProbabilities);
    stopStrings = List.copyOf(stopStrings);
    require(
        stopStrings.stream().noneMatch(String::isEmpty),
        "stopStrings expected with text, got an empty one");
    require(numBeams <= MOST_BEAMS, "numBeams expected at most %d, got %d", MOST_BEAMS, numBeams);
    require(
        numReturnSequences <= MOST,
        "numReturnSequences expected at most %d, got %d",
        MOST,
        numReturnSequences);
    requirePositive("temperature", temperature);
    require(
        temperature >= LEAST_TEMPERATURE && temperature <= MOST_TEMPERATURE,
        "temperature expected %s to %s, got %s",
        LEAST_TEMPERATURE,
        MOST_TEMPERATURE,
        temperature);
    requirePositive("repetitionPenalty", repetitionPenalty);
    require(topP > 0 && topP <= 1, "topP expected within (0, 1], got %s", topP);
    require(
        Double.isFinite(lengthPenalty),
        "lengthPenalty expected a finite number, got %s",
        lengthPenalty);
    require(
        minNewTokens <= maxNewTokens,
        "minNewTokens expected at most maxNewTokens=%d, got %d; raise maxNewTokens",
        maxNewTokens,
        minNewTokens);
    require(
        numBeams == 1 || numReturnSequences <= numBeams,
        "numReturnSequences expected at most numBeams=%d, got %d; use more beams",
        numBeams,
        numReturnSequences);
    require(
        numBeams > 1 || sampled || numReturnSequences == 1,
        "numReturnSequences expected 1 without sampling at numBeams=%d, got %d; sample or use "
            + "more beams",
        numBeams,
        numReturnSequences);
  }

  /** Greedy decoding: the likeliest token at every step. */
  public static GenerationConfig greedy() {
    return new GenerationConfig(
        20,
        0,
        1,
        false,
        1.0,
        50,
        1.0,
        0L,
        1.0,
        EarlyStopping.HEURISTIC,
        1.0,
        0,
        1,
        BeamRules.TRANSFORMERS_5,
        List.of(),
        0);
  }

  /** Beam search with this many beams; 1 is greedy. */
  public static GenerationConfig beams(int beams) {
    return greedy().numBeams(beams);
  }

  /** Sampling from the model's distribution over the 50 likeliest tokens. */
  public static GenerationConfig sample() {
    return greedy().sampling();
  }

  /** With this longest continuation. */
  public GenerationConfig maxNewTokens(int maxNewTokens) {
    return with(draft -> draft.maxNewTokens = maxNewTokens);
  }

  /** With this shortest continuation, the end token not counted. */
  public GenerationConfig minNewTokens(int minNewTokens) {
    return with(draft -> draft.minNewTokens = minNewTokens);
  }

  /** With this many beams. */
  public GenerationConfig numBeams(int beams) {
    return with(draft -> draft.beams = beams);
  }

  /** With sampling; with several beams, beam sampling. */
  public GenerationConfig sampling() {
    return with(draft -> draft.sampled = true);
  }

  /** With this temperature. */
  public GenerationConfig temperature(double temperature) {
    return with(draft -> draft.temperature = temperature);
  }

  /** With samples from this many likeliest tokens, or from all for 0. */
  public GenerationConfig topK(int topK) {
    return with(draft -> draft.topK = topK);
  }

  /** With samples from the nucleus of this probability. */
  public GenerationConfig topP(double topP) {
    return with(draft -> draft.topP = topP);
  }

  /** With this seed. */
  public GenerationConfig seed(long seed) {
    return with(draft -> draft.seed = seed);
  }

  /** With this exponent of the length. */
  public GenerationConfig lengthPenalty(double lengthPenalty) {
    return with(draft -> draft.lengthPenalty = lengthPenalty);
  }

  /** With this rule for stopping. */
  public GenerationConfig earlyStopping(EarlyStopping earlyStopping) {
    return with(draft -> draft.earlyStopping = earlyStopping);
  }

  /** With this factor against repetition. */
  public GenerationConfig repetitionPenalty(double repetitionPenalty) {
    return with(draft -> draft.repetitionPenalty = repetitionPenalty);
  }

  /** With n-grams of this length occurring once at most. */
  public GenerationConfig noRepeatNgramSize(int noRepeatNgramSize) {
    return with(draft -> draft.noRepeatNgramSize = noRepeatNgramSize);
  }

  /** With this many sequences returned for each prompt. */
  public GenerationConfig numReturnSequences(int returning) {
    return with(draft -> draft.returning = returning);
  }

  /** With beams by these rules. */
  public GenerationConfig beamRules(BeamRules beamRules) {
    return with(draft -> draft.beamRules = beamRules);
  }

  /** With sequences that end at the first of these strings; none for no such strings. */
  public GenerationConfig stopStrings(String... stopStrings) {
    return stopStrings(List.of(stopStrings));
  }

  /** With sequences that end at the first of these strings. */
  public GenerationConfig stopStrings(List<String> stopStrings) {
    return with(draft -> draft.stopStrings = stopStrings);
  }

  /** With this many of the likeliest tokens reported with every token. */
  public GenerationConfig topLogProbabilities(int count) {
    return with(draft -> draft.topLogProbabilities = count);
  }

  private GenerationConfig with(Consumer<Draft> change) {
    var draft = new Draft(this);
    change.accept(draft);
    return draft.decoding();
  }

  private static void requireAtLeast(int least, String what, int value) {
    require(value >= least, "%s expected at least %d, got %d", what, least, value);
  }

  private static void requirePositive(String what, double value) {
    require(
        value > 0 && Double.isFinite(value),
        "%s expected a finite number above 0, got %s",
        what,
        value);
  }

  private static void require(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new IllegalArgumentException(
          "decoding: " + String.format(Locale.ROOT, message, values));
    }
  }

  /** A mutable copy of the settings, in which a wither changes one. */
  private static final class Draft {
    int maxNewTokens;
    int minNewTokens;
    int beams;
    boolean sampled;
    double temperature;
    int topK;
    double topP;
    long seed;
    double lengthPenalty;
    EarlyStopping earlyStopping;
    double repetitionPenalty;
    int noRepeatNgramSize;
    int returning;
    BeamRules beamRules;
    List<String> stopStrings;
    int topLogProbabilities;

    Draft(GenerationConfig from) {
      maxNewTokens = from.maxNewTokens;
      minNewTokens = from.minNewTokens;
      beams = from.numBeams;
      sampled = from.sampled;
      temperature = from.temperature;
      topK = from.topK;
      topP = from.topP;
      seed = from.seed;
      lengthPenalty = from.lengthPenalty;
      earlyStopping = from.earlyStopping;
      repetitionPenalty = from.repetitionPenalty;
      noRepeatNgramSize = from.noRepeatNgramSize;
      returning = from.numReturnSequences;
      beamRules = from.beamRules;
      stopStrings = from.stopStrings;
      topLogProbabilities = from.topLogProbabilities;
    }

    GenerationConfig decoding() {
      return new GenerationConfig(
          maxNewTokens,
          minNewTokens,
          beams,
          sampled,
          temperature,
          topK,
          topP,
          seed,
          lengthPenalty,
          earlyStopping,
          repetitionPenalty,
          noRepeatNgramSize,
          returning,
          beamRules,
          stopStrings,
          topLogProbabilities);
    }
  }
}
