package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Random numbers of one floating type, and the comparison with what loops in double expect. */
public final class Samples {
  private final Random random = new Random(20230130);
  final DType type;

  public Samples(DType type) {
    this.type = type;
  }

  /** Arguments of a test of {@code (Samples, int...)}: each of these sizes in either type. */
  static Stream<Arguments> ofBothTypes(int[]... sizes) {
    return Stream.of(DType.FLOAT32, DType.FLOAT64)
        .flatMap(type -> Arrays.stream(sizes).map(size -> arguments(new Samples(type), size)));
  }

  private static Arguments arguments(Samples samples, int[] size) {
    return Arguments.of(Stream.concat(Stream.of(samples), IntStream.of(size).boxed()).toArray());
  }

  /** For the name of a test. */
  @Override
  public String toString() {
    return type.toString();
  }

  static long count(long... shape) {
    return Shape.of(shape).size();
  }

  /** The float32 numbers 0, 1, 2, ... */
  public static Tensor counting(long... shape) {
    float[] values = new float[Math.toIntExact(count(shape))];
    for (int i = 0; i < values.length; i++) {
      values[i] = i;
    }
    return Tensor.of(values, shape);
  }

  /** Normal numbers that float32 holds exactly, so that both types compute from the same ones. */
  public double[] normal(long... shape) {
    double[] values = new double[Math.toIntExact(count(shape))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Multiples of 1/64 between -2 and 2, which bfloat16 and float16 hold exactly too. */
  public double[] coarse(long... shape) {
    double[] values = new double[Math.toIntExact(count(shape))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (random.nextInt(257) - 128) / 64.0;
    }
    return values;
  }

  long[] below(long bound, long... shape) {
    long[] values = new long[Math.toIntExact(count(shape))];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(Math.toIntExact(bound));
    }
    return values;
  }

  public Tensor tensor(double[] values, long... shape) {
    if (type == DType.FLOAT64) {
      return Tensor.of(values, shape);
    }
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return Tensor.of(floats, shape);
  }

  /** Memory for a result, full of NaN: an element that the kernel forgets can't pass. */
  Tensor out(long... shape) {
    return Tensor.full(type, Double.NaN, shape);
  }

  /**
   * Compares with a tolerance relative to the largest expected magnitude, or to 1 below it, in
   * float32 or float64.
   */
  public void assertClose(
      double[] expected, Tensor actual, double tolerance32, double tolerance64) {
    assertClose("", expected, actual, type == DType.FLOAT64 ? tolerance64 : tolerance32);
  }

  public static void assertClose(String what, double[] expected, Tensor actual, double tolerance) {
    double[] got = actual.toDoubles();
    assertEquals(expected.length, got.length, what + ": number of elements");
    double scale = 1;
    for (double value : expected) {
      scale = Math.max(scale, Math.abs(value));
    }
    double worst = -1;
    int at = 0;
    for (int i = 0; i < got.length; i++) {
      double error = Math.abs(got[i] - expected[i]) / scale;
      if (!(error <= worst)) {
        worst = error;
        at = i;
      }
      if (Double.isNaN(error)) {
        break;
      }
    }
    if (got.length > 0 && !(worst <= tolerance)) {
      fail(
          String.format(
              Locale.ROOT,
              "%s %s: element %d expected %.9g, got %.9g, relative error %.3g above %.3g",
              what,
              actual,
              at,
              expected[at],
              got[at],
              worst,
              tolerance));
    }
  }
}
