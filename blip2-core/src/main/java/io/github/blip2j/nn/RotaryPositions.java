package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Rotary positions (Su et al. 2021, "RoFormer") of the tokens of one call: each pair of elements of
 * a head is turned by an angle proportional to the token's position, so that the product of a query
 * and a key depends on their distance only.
 *
 * <p>Element i of a head is paired with element {@code i + D / 2}, as in GPT-NeoX and LLaMA:
 *
 * <pre>{@code
 * x  [B, T, H, D]      angle a = position frequency[i], for i < D / 2
 * y[i]          = x[i] cos a - x[i + D / 2] sin a
 * y[i + D / 2]  = x[i + D / 2] cos a + x[i] sin a
 * }</pre>
 */
public final class RotaryPositions {
  private final Tensor cos; // [B, T, 1, D], both halves equal
  private final Tensor sin; // [B, T, 1, D], the first half negative
  private final int half;

  private RotaryPositions(Tensor cos, Tensor sin, int half) {
    this.cos = cos;
    this.sin = sin;
    this.half = half;
  }

  /** The frequencies of each token, where they depend on the length of a text. */
  @FunctionalInterface
  public interface Frequencies {
    /**
     * The frequencies of one token.
     *
     * @param row of the positions
     * @param t the place in the row
     * @return radians a position for each pair, [D / 2]
     */
    float[] at(int row, int t);
  }

  /**
   * The rotations of tokens, computed once for all layers, in the current scope.
   *
   * @param positions the position of each token, [B][T]
   * @param frequencies radians a position for each pair, [D / 2]
   * @throws IllegalArgumentException if rows differ in length, or there is no frequency
   */
  public static RotaryPositions of(long[][] positions, float[] frequencies) {
    return of(positions, frequencies.length, (row, t) -> frequencies);
  }

  /**
   * The rotations of tokens that differ in their frequencies, as {@link #of(long[][], float[])}.
   *
   * @param positions the position of each token, [B][T]
   * @param half pairs of a head, D / 2
   * @param frequencies of each token
   * @throws IllegalArgumentException if rows differ in length, or there is no pair
   */
  public static RotaryPositions of(long[][] positions, int half, Frequencies frequencies) {
    int B = positions.length;
    int T = B == 0 ? 0 : positions[0].length;
    if (half == 0) {
      throw new IllegalArgumentException("rotary: frequencies expected one or more, got none");
    }
    float[] cos = new float[Shape.of(B, T, 2L * half).arrayLength("rotary")];
    float[] sin = new float[cos.length];
    int place = 0;
    for (int b = 0; b < B; b++) {
      long[] row = positions[b];
      if (row.length != T) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "rotary: rows of one length expected, got %d and %d", T, row.length));
      }
      for (int t = 0; t < T; t++) {
        float[] radians = frequencies.at(b, t);
        for (int i = 0; i < half; i++) {
          float angle = row[t] * radians[i];
          float c = (float) Math.cos(angle);
          float s = (float) Math.sin(angle);
          cos[place + i] = c;
          cos[place + half + i] = c;
          sin[place + i] = -s;
          sin[place + half + i] = s;
        }
        place += 2 * half;
      }
    }
    return new RotaryPositions(
        Tensor.of(cos, B, T, 1, 2L * half), Tensor.of(sin, B, T, 1, 2L * half), half);
  }

  /**
   * Turns queries or keys.
   *
   * @param x [B, T, H, D]
   * @return [B, T, H, D]
   */
  Tensor turn(Tensor x) {
    x.shape().require("rotary", "x", cos.dim(0), cos.dim(1), Shape.ANY, 2L * half);
    Tensor swapped = Tensor.concat(-1, List.of(x.narrow(-1, half, half), x.narrow(-1, 0, half)));
    return x.mul(cos).add(swapped.mul(sin));
  }

  @Override
  public String toString() {
    return "rotary positions " + Arrays.toString(cos.shape().toArray());
  }
}
