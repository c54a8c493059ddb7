package io.github.blip2j.nn;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An additive attention mask: added to the scores before the softmax, 0 for allowed positions and a
 * large negative number for forbidden ones. A position bias is one more term of the sum. This is
 * the only mask convention of the library; models build their masks themselves.
 */
public final class Mask {
  // Finite: a fully masked row becomes uniform, where -infinity would make it NaN. Large enough //
  // that a float32 score is rounded away, so that the row is exactly uniform.
  private static final float FORBIDDEN = -1e9f;
  private static final Mask NONE = new Mask(null);

  private final @Nullable Tensor additive;

  private Mask(@Nullable Tensor additive) {
    this.additive = additive;
  }

  /** No mask. */
  public static Mask none() {
    return NONE;
  }

  /**
   * A causal mask: position t of the last {@code targets} of {@code sources} positions attends to
   * those up to itself.
   *
   * @return [1, 1, T, S]; no mask for a single target, which attends to everything
   * @throws IllegalArgumentException if there are more targets than sources
   */
  public static Mask causal(int targets, int sources) {
    if (targets > sources) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "mask: targets expected among the sources, got targets=%d, sources=%d",
              targets,
              sources));
    }
    if (targets == 1) {
      return NONE;
    }
    float[] values = new float[Shape.of(targets, sources).arrayLength("mask")];
    for (int t = 0; t < targets; t++) {
      for (int s = sources - targets + t + 1; s < sources; s++) {
        values[t * sources + s] = FORBIDDEN;
      }
    }
    return new Mask(Tensor.of(values, 1, 1, targets, sources));
  }

  /**
   * A sliding window in addition to a {@linkplain #causal causal} mask: each of the last {@code
   * targets} positions does not attend to those that are {@code window} or more tokens before it.
   * Padding does not count as a token.
   *
   * @param keep 1 for tokens, 0 for padding, over all positions, [B][S]
   * @return [B, 1, T, S]; no mask if the window hides nothing
   * @throws IllegalArgumentException if the window has no position
   */
  public static Mask slidingWindow(int[][] keep, int targets, int window) {
    if (window < 1) {
      throw new IllegalArgumentException("mask: window expected 1 or more, got " + window);
    }
    int sources = keep.length == 0 ? 0 : keep[0].length;
    if (sources <= window) {
      return NONE;
    }
    int[][] seen = new int[keep.length][sources]; // tokens up to each position
    for (int b = 0; b < keep.length; b++) {
      for (int s = 0; s < sources; s++) {
        seen[b][s] = keep[b][s] + (s == 0 ? 0 : seen[b][s - 1]);
      }
    }
    return where(
        keep.length,
        targets,
        sources,
        (b, t, s) -> seen[b][sources - targets + t] - seen[b][s] < window);
  }

  /**
   * A prefix mask: the prefix attends to itself only, and tokens attend to the prefix and to the
   * tokens up to themselves, as in UniLM's sequence-to-sequence mask (Dong et al. 2019).
   *
   * @return [1, 1, T, T] with T of prefix and tokens together
   */
  public static Mask prefixThenCausal(int prefix, int tokens) {
    long positions = (long) prefix + tokens;
    float[] values = new float[Shape.of(positions, positions).arrayLength("mask")];
    int T = prefix + tokens;
    for (int t = 0; t < T; t++) {
      for (int s = Math.max(prefix, t + 1); s < T; s++) {
        values[t * T + s] = FORBIDDEN;
      }
    }
    return tokens == 0 ? NONE : new Mask(Tensor.of(values, 1, 1, T, T));
  }

  /**
   * A padding mask: {@code keep[b][s]} is 1 for a token and 0 for padding.
   *
   * @return [B, 1, 1, S]; no mask without padding
   * @throws IllegalArgumentException if rows differ in length
   */
  public static Mask padding(int[][] keep) {
    int width = keep.length == 0 ? 0 : keep[0].length;
    float[] values = new float[Shape.of(keep.length, width).arrayLength("mask")];
    boolean any = false;
    for (int b = 0; b < keep.length; b++) {
      if (keep[b].length != width) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "mask: rows of one length expected, got %d and %d",
                width,
                keep[b].length));
      }
      for (int s = 0; s < width; s++) {
        if (keep[b][s] == 0) {
          values[b * width + s] = FORBIDDEN;
          any = true;
        }
      }
    }
    return any ? new Mask(Tensor.of(values, keep.length, 1, 1, width)) : NONE;
  }

  /** Whether target {@code t} of row {@code b} may attend to source {@code s}. */
  @FunctionalInterface
  public interface Sight {
    /** Whether it may. */
    boolean reaches(int b, int t, int s);
  }

  /**
   * A mask of any rule, given by a function.
   *
   * @return [B, 1, T, S]
   */
  public static Mask where(int rows, int targets, int sources, Sight sight) {
    float[] values = new float[Shape.of(rows, targets, sources).arrayLength("mask")];
    int i = 0;
    for (int b = 0; b < rows; b++) {
      for (int t = 0; t < targets; t++) {
        for (int s = 0; s < sources; s++) {
          values[i++] = sight.reaches(b, t, s) ? 0 : FORBIDDEN;
        }
      }
    }
    return new Mask(Tensor.of(values, rows, 1, targets, sources));
  }

  /**
   * A position bias as a mask.
   *
   * @param bias broadcasts to [B, H, T, S]; may require a gradient
   */
  public static Mask adding(Tensor bias) {
    return new Mask(bias);
  }

  /** Both masks at once. */
  public Mask and(Mask other) {
    if (additive == null) {
      return other;
    }
    return other.additive == null ? this : new Mask(additive.add(other.additive));
  }

  /** The mask of a batch whose row i is row {@code rows[i]} of this one's. */
  Mask rows(int... rows) {
    if (additive == null || additive.dim(0) == 1) {
      return this; // the same for every row
    }
    return new Mask(additive.gather(Tensor.ids(rows)));
  }

  /** Whether all heads have the same mask. */
  boolean isSameForHeads() {
    return additive == null || additive.rank() < 3 || additive.dim(-3) == 1;
  }

  /** Whether a term requires a gradient. */
  boolean isRecorded() {
    return additive != null && additive.requiresGrad() && GradMode.isRecording();
  }

  /** The tensor to add to scores [B, H, T, S], or null if there is nothing to add. */
  public @Nullable Tensor tensor() {
    return additive;
  }
}
