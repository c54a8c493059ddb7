package io.github.blip2j.pretraining;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.Locale;

/**
 * The deviation of drawn matrices and embeddings: {@code initializer_range} of a config of
 * transformers, {@code init_std} of an OPT's, 0.02 without either. That suits widths near 768; a
 * narrow model may learn sooner with more.
 */
public final class InitializerRange {
  private static final double USUAL = 0.02;
  private static final double LEAST =
      1e-4; // some configs of transformers say 1e-10, which never learns

  private InitializerRange() {}

  /**
   * The deviation that a config states.
   *
   * @throws CheckpointException if it is not between 0.0001 and 1
   */
  public static double of(ConfigJson config) throws CheckpointException {
    String key = config.has("initializer_range") ? "initializer_range" : "init_std";
    double stated = config.doubleAt(key, USUAL);
    if (!(stated >= LEAST && stated <= 1)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: %s expected 0.0001 to 1, got %s; leave it out for 0.02",
              config,
              key,
              stated));
    }
    return stated;
  }
}
