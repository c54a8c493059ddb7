package io.github.blip2j.server.api;

import com.google.gson.JsonElement;
import io.github.blip2j.generation.EarlyStopping;
import io.github.blip2j.generation.GenerationConfig;
import java.security.SecureRandom;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The generation settings of a request, applied to the model's own. */
final class Settings {
  /** Names of all fields that this reads. */
  static final Set<String> NAMES =
      Set.of(
          "n",
          "max_tokens",
          "max_completion_tokens",
          "min_tokens",
          "num_beams",
          "length_penalty",
          "early_stopping",
          "repetition_penalty",
          "no_repeat_ngram_size",
          "temperature",
          "top_p",
          "top_k",
          "seed",
          "stop");

  private static final int MOST_TOKENS = 4096;
  private static final int MOST_BEAMS = 64;
  private static final int MOST_STOPS = 4; // as OpenAI
  private static final int LONGEST_STOP = 1000;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Settings() {}

  /**
   * The decoding that a request asks for. A temperature above 0, a {@code top_p} below 1, a {@code
   * top_k}, or several texts without as many beams ask for sampling; a temperature of 0 forbids it.
   *
   * @param base the model's own decoding
   */
  static GenerationConfig read(Fields fields, GenerationConfig base) {
    GenerationConfig config = lengths(fields, base);
    int n = fields.integer("n", 1, 1, MOST_BEAMS);
    Double temperature = fields.optionalNumber("temperature");
    Double topP = fields.optionalNumber("top_p");
    if (fields.has("num_beams")) {
      int beams = fields.integer("num_beams", 1, 1, MOST_BEAMS);
      config = config.numBeams(beams);
    }
    requireRanges(fields, temperature, topP);
    boolean sampling =
        temperature == null
            ? (topP != null && topP < 1) || fields.has("top_k") || n > config.numBeams()
            : temperature > 0;
    if (sampling) {
      config = sampled(fields, fields.has("num_beams") ? config : config.numBeams(1));
    }
    return searched(fields, config).numReturnSequences(n).stopStrings(stops(fields));
  }

  /** Checks the settings of sampling, which are read only if there is some. */
  private static void requireRanges(
      Fields fields, @Nullable Double temperature, @Nullable Double topP) {
    if (temperature != null && temperature < 0) {
      throw ApiException.invalid(
          fields.path("temperature"), "at least 0 expected, got %s", temperature);
    }
    if (topP != null && (topP <= 0 || topP > 1)) {
      throw ApiException.invalid(fields.path("top_p"), "above 0 to 1 expected, got %s", topP);
    }
    fields.integer("top_k", 0, 0, Integer.MAX_VALUE);
    fields.optionalLong("seed");
  }

  /** The strings of the field {@code stop}: none, one, or up to four. */
  private static List<String> stops(Fields fields) {
    JsonElement stop = fields.get("stop");
    if (stop == null || (stop.isJsonArray() && stop.getAsJsonArray().isEmpty())) {
      return List.of();
    }
    List<String> texts = fields.strings("stop", MOST_STOPS);
    for (String text : texts) {
      if (text.isEmpty() || text.length() > LONGEST_STOP) {
        throw ApiException.invalid(
            fields.path("stop"),
            "strings of 1 to %d characters expected, got one of %d",
            LONGEST_STOP,
            text.length());
      }
    }
    return texts;
  }

  private static GenerationConfig lengths(Fields fields, GenerationConfig base) {
    GenerationConfig config = base;
    boolean newer = fields.has("max_completion_tokens");
    if (newer && fields.has("max_tokens")) {
      throw ApiException.invalid(
          fields.path("max_tokens"), "max_completion_tokens or it expected, got both");
    }
    String most = newer ? "max_completion_tokens" : "max_tokens";
    int max = fields.integer(most, base.maxNewTokens(), 1, MOST_TOKENS);
    int min = fields.integer("min_tokens", Math.min(max, base.minNewTokens()), 0, MOST_TOKENS);
    if (min > max) {
      throw ApiException.invalid(
          fields.path("min_tokens"), "at most %d expected, got %d", max, min);
    }
    config = config.minNewTokens(0).maxNewTokens(max).minNewTokens(min);
    return config;
  }

  private static GenerationConfig sampled(Fields fields, GenerationConfig base) {
    GenerationConfig config = base.sampling();
    Double temperature = fields.optionalNumber("temperature");
    Double topP = fields.optionalNumber("top_p");
    Long seed = fields.optionalLong("seed");
    if (temperature != null) {
      config = config.temperature(temperature);
    }
    if (topP != null) {
      config = config.topP(topP);
    }
    config = config.topK(fields.integer("top_k", config.topK(), 0, Integer.MAX_VALUE));
    return config.seed(seed == null ? RANDOM.nextLong() : seed);
  }

  private static GenerationConfig searched(Fields fields, GenerationConfig base) {
    GenerationConfig config = base;
    Double length = fields.optionalNumber("length_penalty");
    Double repetition = fields.optionalNumber("repetition_penalty");
    Boolean early = fields.optionalBool("early_stopping");
    if (length != null) {
      config = config.lengthPenalty(length);
    }
    if (repetition != null) {
      config = config.repetitionPenalty(repetition);
    }
    if (early != null) {
      config = config.earlyStopping(early ? EarlyStopping.WHEN_FULL : EarlyStopping.HEURISTIC);
    }
    int ngram = config.noRepeatNgramSize();
    return config.noRepeatNgramSize(fields.integer("no_repeat_ngram_size", ngram, 0, 1000));
  }
}
