package io.github.blip2j.llm.llama;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.RotaryPositions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;

/**
 * The frequencies of rotary positions, and how they are scaled for texts longer than those of the
 * first training.
 *
 * <pre>{@code
 * frequency of pair i = theta^(-2i / D), for i < D / 2
 * }</pre>
 *
 * @param theta the base of the frequencies
 * @param factor how many times longer texts become; 1 for none
 * @param lowFrequencyFactor of {@code LLAMA3}: pairs that turn fewer times than this within {@code
 *     originalPositions} are slowed by {@code factor}
 * @param highFrequencyFactor of {@code LLAMA3}: pairs that turn more often than this keep their
 *     frequency
 * @param originalPositions the longest text of the first training; used by {@code DYNAMIC} and
 *     {@code LLAMA3}
 */
public record RotaryConfig(
    Scaling scaling,
    double theta,
    double factor,
    double lowFrequencyFactor,
    double highFrequencyFactor,
    int originalPositions) {

  /** The kinds of scaling, by their names in a {@code config.json}. */
  public enum Scaling {
    /** No scaling. */
    DEFAULT,
    /** All frequencies divided by the factor (Chen et al. 2023). */
    LINEAR,
    /** A larger base for texts longer than the original ones ("dynamic NTK"). */
    DYNAMIC,
    /** Low frequencies divided by the factor, high ones kept (LLaMA 3.1). */
    LLAMA3;

    private static Scaling named(ConfigJson json, String name) throws CheckpointException {
      for (Scaling scaling : values()) {
        if (scaling.name().toLowerCase(Locale.ROOT).equals(name)) {
          return scaling;
        }
      }
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: rope type expected default, linear, dynamic or llama3, got %s; a model trained with"
                  + " another is not supported",
              json,
              name));
    }
  }

  /** Checks the numbers that the kind of scaling uses. */
  public RotaryConfig {
    require("rope_theta", theta, "positive", theta > 0);
    if (scaling != Scaling.DEFAULT) {
      require("factor", factor, "1 or more", factor >= 1);
    }
    if (scaling == Scaling.LLAMA3) {
      require("low_freq_factor", lowFrequencyFactor, "positive", lowFrequencyFactor > 0);
      require(
          "high_freq_factor",
          highFrequencyFactor,
          "above low_freq_factor",
          highFrequencyFactor > lowFrequencyFactor);
    }
  }

  private static void require(String name, double value, String expected, boolean holds) {
    if (!holds || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "rotary: %s expected %s, got %s", name, expected, value));
    }
  }

  /** Frequencies without scaling. */
  public static RotaryConfig of(double theta) {
    return new RotaryConfig(Scaling.DEFAULT, theta, 1, 1, 1, 1);
  }

  /**
   * Reads {@code rope_parameters}, as transformers 5 writes it, or {@code rope_theta} and {@code
   * rope_scaling} of older versions.
   *
   * @param json the {@code text_config}
   * @param positions its {@code max_position_embeddings}
   * @throws CheckpointException if the rope type is not known, or rotates a part of a head only
   */
  static RotaryConfig fromJson(ConfigJson json, int positions) throws CheckpointException {
    ConfigJson rope = json;
    // Of both, transformers takes the older one, unless it is empty.
    for (String key : new String[] {"rope_scaling", "rope_parameters"}) {
      if (json.has(key) && !json.isNull(key) && !json.child(key).keys().isEmpty()) {
        rope = json.child(key);
        break;
      }
    }
    boolean own = rope != json;
    String type = own ? rope.stringAt("rope_type", rope.stringAt("type", "default")) : "default";
    double theta =
        own && rope.has("rope_theta") && !rope.isNull("rope_theta")
            ? rope.doubleAt("rope_theta")
            : json.doubleAt("rope_theta", 10_000);
    requireWhole(json);
    requireWhole(rope);
    Scaling scaling = Scaling.named(rope, type);
    if (scaling == Scaling.DEFAULT) {
      requireFlat(rope, own);
      return of(theta);
    }
    boolean dynamic =
        scaling == Scaling.DYNAMIC; // which transformers measures by the model's limit
    boolean llama3 = scaling == Scaling.LLAMA3;
    String original = "original_max_position_embeddings";
    return new RotaryConfig(
        scaling,
        theta,
        needed(rope, "factor", type),
        llama3 ? needed(rope, "low_freq_factor", type) : 1,
        llama3 ? needed(rope, "high_freq_factor", type) : 1,
        dynamic ? positions : json.sizeAt(original, rope.sizeAt(original, positions)));
  }

  private static double needed(ConfigJson rope, String key, String type)
      throws CheckpointException {
    if (!rope.has(key) || rope.isNull(key)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s.%s expected for the rope type %s, got nothing; add the model's own",
              rope,
              key,
              type));
    }
    return rope.doubleAt(key);
  }

  private static void requireWhole(ConfigJson json) throws CheckpointException {
    String key = "partial_rotary_factor";
    if (json.has(key) && !json.isNull(key) && json.doubleAt(key) != 1) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s.%s expected 1, got %s; rotation of a part of a head is not supported",
              json,
              key,
              json.doubleAt(key)));
    }
  }

  /** Rejects settings for each type of layer, whose keys are names such as full_attention. */
  private static void requireFlat(ConfigJson rope, boolean own) throws CheckpointException {
    for (String key : own ? rope.keys() : Set.<String>of()) {
      if (rope.hasChild(key)) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT, "%s: one setting for all layers expected, got one for %s", rope, key));
      }
    }
  }

  /**
   * The rotations of tokens. Only {@code DYNAMIC} frequencies differ between tokens. They depend on
   * a token's own text, never on other rows: in a pass over whole texts on the length of its row,
   * after a cached prompt on its own position, as in transformers' {@code generate} with one
   * prompt.
   *
   * @param headDim width of a head, D
   * @param positions of the tokens, [B][T]
   * @param whole whether each row is a text from its beginning, and not the continuation of one
   */
  RotaryPositions positions(int headDim, long[][] positions, boolean whole) {
    if (scaling != Scaling.DYNAMIC) {
      return RotaryPositions.of(positions, frequencies(headDim, 0));
    }
    Map<Long, float[]> ofLength = new HashMap<>();
    LongFunction<float[]> frequencies =
        length ->
            ofLength.computeIfAbsent(
                Math.max(length, originalPositions), n -> frequencies(headDim, n));
    if (!whole) {
      return RotaryPositions.of(
          positions, headDim / 2, (row, t) -> frequencies.apply(positions[row][t] + 1));
    }
    float[][] ofRow = new float[positions.length][];
    for (int b = 0; b < ofRow.length; b++) {
      ofRow[b] = frequencies.apply(Arrays.stream(positions[b]).max().orElse(0) + 1);
    }
    return RotaryPositions.of(positions, headDim / 2, (row, t) -> ofRow[row]);
  }

  /**
   * The frequencies, in radians a position, computed in float32 as in PyTorch.
   *
   * @param headDim width of a head, D
   * @param length positions of the text so far, on which {@code DYNAMIC} depends
   * @return [D / 2]
   */
  float[] frequencies(int headDim, long length) {
    double base = theta;
    if (scaling == Scaling.DYNAMIC) {
      double longest = Math.max(length, originalPositions);
      base =
          theta
              * Math.pow(
                  factor * longest / originalPositions - (factor - 1), headDim / (headDim - 2.0));
    }
    float[] frequencies = new float[headDim / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = (float) (2 * i) / headDim;
      frequencies[i] = scaled(1 / (float) Math.pow((float) base, exponent));
    }
    return frequencies;
  }

  private float scaled(float frequency) {
    return switch (scaling) {
      case DEFAULT, DYNAMIC -> frequency;
      case LINEAR -> frequency / (float) factor;
      case LLAMA3 -> llama3(frequency);
    };
  }

  private float llama3(float frequency) {
    double wavelength = 2 * Math.PI / frequency;
    if (wavelength > originalPositions / lowFrequencyFactor) {
      return frequency / (float) factor;
    }
    if (wavelength < originalPositions / highFrequencyFactor) {
      return frequency;
    }
    double turns = originalPositions / wavelength;
    double kept = (turns - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor);
    return (float) ((1 - kept) * frequency / factor + kept * frequency);
  }
}
