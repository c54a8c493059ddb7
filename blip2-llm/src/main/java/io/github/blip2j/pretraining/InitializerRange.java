package io.github.blip2j.pretraining;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Init;
import java.util.Locale;

/**
 * The deviation of drawn matrices and embeddings: {@code initializer_range} of a config of
 * transformers, {@code init_std} of an OPT's, {@link Init#USUAL_DEVIATION} without either.
 */
public final class InitializerRange {
  // Some configs of transformers say 1e-10, which never learns.
  private static final double LEAST = 1e-4;

  private InitializerRange() {}

  /**
   * The deviation that a config states.
   *
   * @throws CheckpointException if it is not between 0.0001 and 1
   */
  public static double of(ConfigJson config) throws CheckpointException {
    String key = config.has("initializer_range") ? "initializer_range" : "init_std";
    double stated = config.doubleAt(key, Init.USUAL_DEVIATION);
    if (!(stated >= LEAST && stated <= 1)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected 0.0001 to 1, got %s; leave it out for %s",
              config,
              key,
              stated,
              Init.USUAL_DEVIATION));
    }
    return stated;
  }
}
