package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.random.RandomGenerator;

/** The initialization of a parameter without a checkpoint. */
@FunctionalInterface
public interface Init {
  /** BERT's deviation of matrices and embeddings, which suits widths near 768. */
  double USUAL_DEVIATION = 0.02;

  /** A fresh float32 value. */
  Tensor draw(Shape shape, RandomGenerator random);

  /**
   * This initialization with another deviation, if it draws from a normal distribution; else this
   * one. It is {@code initializer_range} of transformers.
   */
  default Init withDeviation(double deviation) {
    return this;
  }

  /** Zeros: biases, shifts. */
  static Init zeros() {
    return (shape, random) -> Tensor.zeros(DType.FLOAT32, shape.toArray());
  }

  /** Ones: scales. */
  static Init ones() {
    return (shape, random) -> Tensor.full(DType.FLOAT32, 1, shape.toArray());
  }

  /** A constant. */
  static Init constant(double value) {
    return (shape, random) -> Tensor.full(DType.FLOAT32, value, shape.toArray());
  }

  /** Normal with mean 0 and {@link #USUAL_DEVIATION}: matrices, embeddings. */
  static Init normal() {
    return normal(USUAL_DEVIATION);
  }

  /** Normal with mean 0. */
  static Init normal(double deviation) {
    return new Init() {
      @Override
      public Tensor draw(Shape shape, RandomGenerator random) {
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) (deviation * random.nextGaussian());
        }
        return Tensor.of(values, shape.toArray());
      }

      @Override
      public Init withDeviation(double other) {
        return normal(other);
      }
    };
  }
}
