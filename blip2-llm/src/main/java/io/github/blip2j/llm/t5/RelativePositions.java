package io.github.blip2j.llm.t5;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.Locale;

/**
 * T5's relative position bias: a learned bias of each head for the distance between two positions
 * (Raffel et al. 2020, section 2.1), one table for all layers of a stack.
 *
 * <p>Distances share buckets. Half of the buckets hold one small distance each; the other half hold
 * logarithmically growing ranges, the last of them all distances from {@code maxDistance} on. An
 * encoder has half of its buckets for earlier and half for later positions; a decoder attends to
 * earlier positions only.
 *
 * <pre>{@code
 * H heads, T target positions, S source positions
 * table [buckets, H]
 * bias  [1, H, T, S]
 * }</pre>
 */
final class RelativePositions extends Module {
  private static final int MOST = 46_340; // the largest whose square fits an array

  private final Parameter table; // [buckets, H]
  private final Buckets buckets;

  private RelativePositions(T5Config config, Buckets buckets, Params params) {
    super(params);
    Shape shape = Shape.of(config.positionBuckets(), config.heads());
    this.table = params.get("weight", shape, Init.normal());
    this.buckets = buckets;
  }

  /** The bias of an encoder, in both directions. */
  static RelativePositions bidirectional(T5Config config, Params params) {
    var oneWay = new Buckets(config.positionBuckets() / 2, config.maxDistance(), true);
    return new RelativePositions(config, oneWay, params);
  }

  /** The bias of a decoder, backward only. */
  static RelativePositions causal(T5Config config, Params params) {
    var all = new Buckets(config.positionBuckets(), config.maxDistance(), false);
    return new RelativePositions(config, all, params);
  }

  /**
   * The bias of the last {@code targets} of {@code sources} positions.
   *
   * @return [1, H, T, S]
   * @throws IllegalArgumentException if these are more than {@value #MOST} positions squared
   */
  Mask bias(int targets, int sources) {
    int T = targets;
    int S = sources;
    if ((long) T * S > (long) MOST * MOST) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: positions expected at most %d, for each pair of them has a distance, got %d;"
                  + " shorten the prompt",
              path(),
              MOST,
              Math.max(T, S)));
    }
    long[] byDistance = new long[T + S - 1]; // from the last target to the first source on
    for (int i = 0; i < byDistance.length; i++) {
      byDistance[i] = buckets.of(i - (S - 1));
    }
    long[] ids = new long[T * S];
    for (int t = 0; t < T; t++) {
      // The first target looks back S - T positions at most, the last one S - 1.
      System.arraycopy(byDistance, T - 1 - t, ids, t * S, S);
    }
    Tensor bias = table.value().gather(Tensor.of(ids, T, S)); // [T, S, H]
    return Mask.adding(bias.permute(2, 0, 1).copy().reshape(1, bias.dim(2), T, S));
  }

  /**
   * Which bucket a distance falls into.
   *
   * @param count buckets of one direction
   * @param bothWays whether as many more follow, for what comes after
   */
  record Buckets(int count, int maxDistance, boolean bothWays) {
    /** The bucket of a source {@code distance} positions after the target, negative for before. */
    int of(int distance) {
      int first = bothWays && distance > 0 ? count : 0;
      int far = bothWays ? Math.abs(distance) : Math.max(-distance, 0);
      int exact = count / 2;
      if (far < exact) {
        return first + far;
      }
      // In float32, as the reference: at the edge of a bucket its rounding decides.
      float octaves = (float) Math.log((float) far / exact);
      float scaled = octaves / (float) Math.log((double) maxDistance / exact) * (count - exact);
      return first + Math.min(exact + (int) scaled, count - 1);
    }
  }
}
