package io.github.blip2j.distributed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** The cases of {@link CollectivesConformance} for sums of numbers that travel as bfloat16. */
final class Bfloat16SumCases {
  private static final float[] SPECIAL = {
    Float.NaN,
    Float.intBitsToFloat(0xFF800001),
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.intBitsToFloat(0x7F7F7FFF)
  };

  private Bfloat16SumCases() {}

  static Map<String, Consumer<Collectives>> cases() {
    Map<String, Consumer<Collectives>> cases = new LinkedHashMap<>();
    cases.put("sum in bfloat16", Bfloat16SumCases::toTheBit);
    cases.put("sum in bfloat16 of a part", Bfloat16SumCases::ofPart);
    cases.put("sums and reductions in their order", Bfloat16SumCases::sumsAndReductions);
    return cases;
  }

  /** To the bit, so that threads and processes agree. */
  private static void toTheBit(Collectives c) {
    for (int count : new int[] {0, 1, 2, 3, 7, 1000, 4095, 4097, 100_003}) {
      float[][] parts =
          IntStream.range(0, c.size())
              .mapToObj(rank -> manyKinds(rank, count))
              .toArray(float[][]::new);
      Tensor x = Tensor.of(parts[c.rank()], count);

      c.startSum(x, Precision.BFLOAT16).await();

      int[] expected = new int[count];
      for (int i = 0; i < count; i++) {
        float sum = bfloat16(parts[0][i]);
        for (int rank = 1; rank < c.size(); rank++) {
          sum += bfloat16(parts[rank][i]);
        }
        expected[i] =
            c.size() == 1
                ? Float.floatToRawIntBits(parts[0][i]) // nothing travels
                : Float.floatToIntBits(bfloat16(sum)); // NaNs become one
      }
      int[] bits = new int[count];
      float[] sums = x.toFloats();
      for (int i = 0; i < count; i++) {
        bits[i] = Float.floatToRawIntBits(sums[i]);
      }
      assertArrayEquals(expected, bits, count + " numbers");
    }
  }

  /** Numbers of all magnitudes, halves between two bfloat16, and what is no number. */
  private static float[] manyKinds(int rank, int count) {
    var random = new Random(31L * count + rank);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      float value = (random.nextFloat() - 0.5f) * (float) Math.scalb(1.0, random.nextInt(60) - 30);
      values[i] =
          switch (random.nextInt(20)) {
            case 0 -> Float.intBitsToFloat((Float.floatToIntBits(value) & 0xFFFF0000) | 0x8000);
            case 1 -> Float.MIN_VALUE * random.nextInt(1 << 20);
            case 2 -> random.nextBoolean() ? 0f : -0f;
            case 3 -> rank == i % 5 ? SPECIAL[random.nextInt(SPECIAL.length)] : value;
            default -> value;
          };
    }
    return values;
  }

  /** The nearer neighbour, of two as near the even one, by distances in double. */
  private static float bfloat16(float value) {
    if (Float.isNaN(value) || Float.isInfinite(value)) {
      return value;
    }
    int bits = Float.floatToIntBits(value) & 0xFFFF0000;
    float inner = Float.intBitsToFloat(bits);
    float outer = Float.intBitsToFloat(bits + 0x10000);
    double far = Float.isInfinite(outer) ? Math.copySign(0x1p128, outer) : outer;
    double toInner = Math.abs((double) value - inner);
    double toOuter = Math.abs(far - value);
    boolean even = (bits & 0x10000) == 0;
    return (toInner < toOuter || (toInner == toOuter && even)) ? inner : outer;
  }

  private static void ofPart(Collectives c) {
    float[] values = new float[30];
    Arrays.fill(values, c.rank() + 256); // nine bits
    Tensor x = Tensor.of(values, 30);

    c.startSum(x.narrow(0, 7, 11), Precision.BFLOAT16).await();

    float sum = 0;
    for (int rank = 0; rank < c.size(); rank++) {
      sum += bfloat16(rank + 256);
    }
    if (c.size() > 1) {
      Arrays.fill(values, 7, 18, bfloat16(sum));
    }
    assertArrayEquals(values, x.toFloats());
  }

  /** Of the same numbers one after the other: the maximum of the sum, then its sum. */
  private static void sumsAndReductions(Collectives c) {
    float[] values = {1, 2, 257}; // the last takes nine bits
    Tensor x = Tensor.of(values, 3);

    List<Pending> pending =
        List.of(
            c.startSum(x, Precision.BFLOAT16),
            c.startAllReduce(x, Reduction.MAX),
            c.startSum(x, Precision.FLOAT32),
            c.startSum(x, Precision.BFLOAT16));
    pending.get(3).await();
    pending.get(0).await();

    float n = c.size();
    float[] expected = {n * n * n, 2 * n * n * n, 257};
    if (c.size() > 1) {
      expected[0] = bfloat16(n * n * n);
      expected[1] = bfloat16(2 * n * n * n);
      expected[2] = bfloat16(n * bfloat16(n * bfloat16(n * 256)));
    }
    assertArrayEquals(expected, x.toFloats());
  }
}
