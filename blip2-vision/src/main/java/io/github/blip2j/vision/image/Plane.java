package io.github.blip2j.vision.image;

import java.util.function.UnaryOperator;

/** Numbers on a grid of pixels or patches, row by row from the top left. Immutable. */
final class Plane {
  private final int width;
  private final double[] values;

  Plane(int width, double... values) {
    this.width = width;
    this.values = values.clone();
  }

  int width() {
    return width;
  }

  int height() {
    return values.length / width;
  }

  double at(int x, int y) {
    return values[y * width + x];
  }

  /** The values scaled to 0..1; all 0 if they are equal. */
  Plane normalised() {
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (double value : values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    double[] result = new double[values.length];
    for (int i = 0; i < result.length && most > least; i++) {
      result[i] = (values[i] - least) / (most - least);
    }
    return new Plane(width, result);
  }

  /** The values clipped to 0..1. */
  Plane clipped() {
    double[] result = new double[values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = Math.max(0, Math.min(1, values[i]));
    }
    return new Plane(width, result);
  }

  /** Applies a filter to every row, then one to every column; filters may change the length. */
  Plane filtered(UnaryOperator<double[]> rows, UnaryOperator<double[]> columns) {
    return rowsThrough(rows).transposed().rowsThrough(columns).transposed();
  }

  private Plane rowsThrough(UnaryOperator<double[]> filter) {
    double[] result = {};
    int newWidth = 0;
    for (int y = 0; y < height(); y++) {
      double[] row = new double[width];
      System.arraycopy(values, y * width, row, 0, width);
      double[] filtered = filter.apply(row);
      if (y == 0) {
        newWidth = filtered.length;
        result = new double[newWidth * height()];
      }
      System.arraycopy(filtered, 0, result, y * newWidth, newWidth);
    }
    return new Plane(newWidth, result);
  }

  private Plane transposed() {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i % width * height() + i / width] = values[i];
    }
    return new Plane(height(), result);
  }
}
