package io.github.blip2j.tensor.types;

import java.util.Locale;

/** The activation functions of the models here, by their names in checkpoints. */
public enum Activation {
  /** No activation, {@code x}. */
  IDENTITY("linear"),
  /** Gaussian error linear unit, exact, {@code x/2 (1 + erf(x/√2))} (Hendrycks and Gimpel 2016). */
  GELU("gelu"),
  /** Its tanh approximation, {@code x/2 (1 + tanh(√(2/π)(x + 0.044715 x³)))}. */
  GELU_TANH("gelu_new"),
  /** The sigmoid approximation of CLIP, {@code x σ(1.702 x)}. */
  QUICK_GELU("quick_gelu"),
  /** Rectified linear unit, {@code max(x, 0)}. */
  RELU("relu"),
  /** Sigmoid linear unit, {@code x σ(x)} (Elfwing et al. 2018). */
  SILU("silu");

  private final String checkpointName;

  Activation(String checkpointName) {
    this.checkpointName = checkpointName;
  }

  /** The name in a {@code config.json}. */
  public String checkpointName() {
    return checkpointName;
  }

  /**
   * The activation that a {@code config.json} calls {@code name}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Activation named(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    for (Activation activation : values()) {
      if (activation.checkpointName.equals(key)) {
        return activation;
      }
    }
    return switch (key) {
      case "gelu_pytorch_tanh", "gelu_fast" -> GELU_TANH;
      case "swish" -> SILU;
      default ->
          throw new IllegalArgumentException(
              "activation: name expected gelu, gelu_new, quick_gelu, relu or silu, got " + name);
    };
  }
}
