package io.github.blip2j.search.store;

/**
 * Vectors as bytes: whole numbers from -127 to 127, stored with 128 added, times a scale for all
 * vectors of an image. A vector to compare them with is whole numbers from -63 to 63 times a scale
 * ({@link io.github.blip2j.backend.Kernels#maxSimilarity}).
 */
public final class ByteRows {
  private static final int ZERO = 128;
  private static final float LARGEST = 127;
  private static final float LARGEST_OF_QUERY = 63;

  private ByteRows() {}

  /** Rounds the vectors of an image to bytes; returns their scale. */
  static float round(float[] vectors, byte[] bytes) {
    float scale = largest(vectors) / LARGEST;
    float factor = scale == 0 ? 0 : 1 / scale;
    for (int i = 0; i < vectors.length; i++) {
      bytes[i] = (byte) (Math.round(vectors[i] * factor) + ZERO);
    }
    return scale;
  }

  /** Rounds a vector in place to whole numbers; returns their scale. */
  public static float roundQuery(float[] vector) {
    float scale = largest(vector) / LARGEST_OF_QUERY;
    float factor = scale == 0 ? 0 : 1 / scale;
    for (int i = 0; i < vector.length; i++) {
      vector[i] = Math.round(vector[i] * factor);
    }
    return scale;
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
