package io.github.blip2j.optim;

import java.util.Locale;
import java.util.function.ToIntFunction;

/**
 * Smaller learning rates for lower layers (Clark et al. 2020, section 3.1): a layer {@code i} of
 * {@code L} learns at {@code rate^(L + 1 - i)} times the full rate.
 *
 * <p>Differs from LAVIS: there the scale is computed and no scheduler reads it, so that nothing
 * decays. To compute what LAVIS computes, use no layer decay.
 *
 * @param rate at most 1
 * @param layers number of layers, {@code L}
 * @param layerOf from a parameter's name to its layer: 0 for what is below the first block, such as
 *     patches and positions, {@code i + 1} for block {@code i}, and {@code L + 1} for everything
 *     with the full rate
 */
public record LayerDecay(double rate, int layers, ToIntFunction<String> layerOf) {
  /** Checks the rate. */
  public LayerDecay {
    if (!(rate > 0 && rate <= 1)) {
      throw new IllegalArgumentException("layerDecay: rate expected in (0, 1], got " + rate);
    }
  }

  /**
   * The factor of a parameter's learning rate.
   *
   * @throws IllegalArgumentException if {@code layerOf} returns a layer that does not exist
   */
  public double scale(String name) {
    int layer = layerOf.applyAsInt(name);
    if (layer < 0 || layer > layers + 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "layerDecay: layer of %s expected 0 to %d, got %d",
              name,
              layers + 1,
              layer));
    }
    return Math.pow(rate, layers + 1 - layer);
  }
}
