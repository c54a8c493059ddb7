package io.github.blip2j.vision;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Interpolated positions against a transcription of PyTorch's {@code upsample_bicubic2d}, one
 * output at a time.
 */
final class PositionGridTest {
  private static final int WIDTH = 3;

  @ParameterizedTest
  @CsvSource({"4,6,9", "5,3,2", "4,4,7", "6,5,6", "4,1,1", "1,3,2", "2,8,8", "7,3,20"})
  void interpolate_centres_equalsPyTorchsFormula(int grid, int rows, int columns) {
    assertEqualsFormula(new PositionGrid(grid, false), rows, columns);
  }

  @ParameterizedTest
  @CsvSource({"4,6,9", "5,3,2", "4,4,7", "6,5,6", "4,1,1", "1,3,2", "2,8,8", "7,3,20"})
  void interpolate_corners_equalsPyTorchsFormula(int grid, int rows, int columns) {
    assertEqualsFormula(new PositionGrid(grid, true), rows, columns);
  }

  @Test
  void interpolate_corners_keepsTheCorners() {
    try (var scope = Scope.open()) {
      Tensor positions = NoisyWeights.tensor(new Random(5), 9, WIDTH);

      Tensor y = new PositionGrid(3, true).interpolate(positions, 5, 7);

      y.shape().require("test", "y", 35, WIDTH);
      int[][] corners = {{0, 0}, {2, 6}, {6, 28}, {8, 34}};
      for (int[] corner : corners) {
        Golden.assertClose(
            "corner",
            positions.narrow(0, corner[0], 1).toFloats(),
            y.narrow(0, corner[1], 1).toFloats(),
            1e-6);
      }
    }
  }

  private static void assertEqualsFormula(PositionGrid to, int rows, int columns) {
    int grid = to.side();
    try (var scope = Scope.open()) {
      Tensor positions = NoisyWeights.tensor(new Random(5), 1, (long) grid * grid, WIDTH);

      Tensor y = to.interpolate(positions, rows, columns);

      y.shape().require("test", "y", 1, (long) rows * columns, WIDTH);
      Golden.assertClose(
          "positions", expected(positions.toFloats(), to, rows, columns), y.toFloats(), 1e-5);
    }
  }

  @Test
  void interpolate_toTheSameGrid_changesNothing() {
    try (var scope = Scope.open()) {
      Tensor positions = NoisyWeights.tensor(new Random(5), 1, 16, WIDTH);

      Tensor y = new PositionGrid(4, false).interpolate(positions, 4, 4);

      Golden.assertClose("positions", positions.toFloats(), y.toFloats(), 1e-6);
    }
  }

  private static float[] expected(float[] from, PositionGrid to, int rows, int columns) {
    int grid = to.side();
    float[] values = new float[rows * columns * WIDTH];
    for (int i = 0; i < values.length; i++) {
      int channel = i % WIDTH;
      int row = i / WIDTH / columns;
      int column = i / WIDTH % columns;
      double y = source(to, row, rows);
      double x = source(to, column, columns);
      int top = (int) Math.floor(y);
      int left = (int) Math.floor(x);
      double[] down = coefficients(y - top);
      double[] across = coefficients(x - left);
      double sum = 0;
      for (int j = 0; j < 4; j++) {
        for (int k = 0; k < 4; k++) {
          int at = within(top - 1 + j, grid) * grid + within(left - 1 + k, grid);
          sum += down[j] * across[k] * from[at * WIDTH + channel];
        }
      }
      values[i] = (float) sum;
    }
    return values;
  }

  /** {@code area_pixel_compute_source_index}. */
  private static double source(PositionGrid to, int index, int size) {
    if (to.alignCorners()) {
      double scale = size > 1 ? (to.side() - 1.0) / (size - 1.0) : 0;
      return scale * index;
    }
    return (double) to.side() / size * (index + 0.5) - 0.5;
  }

  /** {@code get_cubic_upsample_coefficients}. */
  private static double[] coefficients(double t) {
    return new double[] {outer(t + 1), inner(t), inner(1 - t), outer(2 - t)};
  }

  private static double inner(double x) {
    double a = -0.75;
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  }

  private static double outer(double x) {
    double a = -0.75;
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  }

  private static int within(int index, int grid) {
    return Math.max(0, Math.min(grid - 1, index));
  }
}
