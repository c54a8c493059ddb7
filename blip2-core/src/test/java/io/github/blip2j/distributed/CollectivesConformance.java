package io.github.blip2j.distributed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.backend.Disguise;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * What every {@link Collectives} must compute, against plain loops over the values of all ranks,
 * which each rank knows. Every rank runs the same cases in the same order.
 */
public final class CollectivesConformance {
  private static final int[] SIZES = {0, 1, 7, 1000, 100_003};

  private CollectivesConformance() {}

  /** The cases by name, in their order. */
  public static Map<String, Consumer<Collectives>> cases() {
    Map<String, Consumer<Collectives>> cases = new LinkedHashMap<>();
    for (Reduction reduction : Reduction.values()) {
      for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64, DType.INT64)) {
        cases.put("allReduce " + reduction + " " + dtype, c -> allReduce(c, reduction, dtype));
      }
    }
    cases.put("allReduce, rounded", CollectivesConformance::allReduceRounded);
    cases.putAll(Bfloat16SumCases.cases());
    cases.put("allReduce in many buckets", c -> buckets(c, false));
    cases.put("allReduce in many buckets, awaited backwards", c -> buckets(c, true));
    cases.put("allReduce of a part", CollectivesConformance::allReduceOfPart);
    cases.put("allReduce of known values", CollectivesConformance::allReduceOfKnownValues);
    cases.put("allReduce of arrays", CollectivesConformance::allReduceOfArrays);
    for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64, DType.INT64, DType.BFLOAT16)) {
      cases.put("allGather " + dtype, c -> allGather(c, dtype));
      cases.put("broadcast " + dtype, c -> broadcast(c, dtype));
    }
    for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT64, DType.INT64)) {
      cases.put("reduceScatter " + dtype, c -> reduceScatter(c, dtype));
    }
    cases.put("reduceScatter is the gradient of allGather", CollectivesConformance::adjoint);
    cases.put("barrier", Collectives::barrier);
    cases.put("wrong arguments", CollectivesConformance::wrongArguments);
    cases.put("a device's memory", CollectivesConformance::deviceMemory);
    return cases;
  }

  /** One of the cases. */
  public static Consumer<Collectives> named(String name) {
    return Objects.requireNonNull(cases().get(name), name);
  }

  /** Runs one case in a scope. */
  public static void run(Consumer<Collectives> one, Collectives collectives) {
    try (Scope scope = Scope.open()) {
      one.accept(collectives);
    }
  }

  /** A small number that every rank knows of every other; sums of a few are exact. */
  private static double value(int rank, int i) {
    return ((rank + 1) * 31 + i * 7) % 101 - 40;
  }

  private static Tensor tensor(DType dtype, int count, IntToDoubleFunction value) {
    if (dtype == DType.INT64) {
      return Tensor.of(
          IntStream.range(0, count).mapToLong(i -> (long) value.applyAsDouble(i)).toArray(), count);
    }
    return Tensor.of(IntStream.range(0, count).mapToDouble(value).toArray(), count).to(dtype);
  }

  private static double[] values(Tensor x) {
    return x.dtype() == DType.INT64
        ? LongStream.of(x.toLongs()).asDoubleStream().toArray()
        : x.to(DType.FLOAT64).toDoubles();
  }

  private static double reduced(Reduction reduction, int size, IntToDoubleFunction ofRank) {
    double result = ofRank.applyAsDouble(0);
    for (int rank = 1; rank < size; rank++) {
      double next = ofRank.applyAsDouble(rank);
      result =
          switch (reduction) {
            case SUM -> result + next;
            case MAX -> Math.max(result, next);
            case MIN -> Math.min(result, next);
          };
    }
    return result;
  }

  private static double[] expected(int count, IntToDoubleFunction value) {
    return IntStream.range(0, count).mapToDouble(value).toArray();
  }

  private static void allReduce(Collectives c, Reduction reduction, DType dtype) {
    for (int count : SIZES) {
      Tensor x = tensor(dtype, count, i -> value(c.rank(), i));

      c.allReduce(x, reduction);

      assertArrayEquals(
          expected(count, i -> reduced(reduction, c.size(), rank -> value(rank, i))), values(x));
    }
  }

  /** All ranks have the same bits, near the sum in double. */
  private static void allReduceRounded(Collectives c) {
    int count = 5003;
    Tensor x = Tensor.of(random(c.rank(), count), count);

    c.allReduce(x, Reduction.SUM);

    float[] sum = x.toFloats();
    float[][] parts =
        IntStream.range(0, c.size()).mapToObj(rank -> random(rank, count)).toArray(float[][]::new);
    for (int i = 0; i < count; i++) {
      double exact = 0;
      double scale = 0;
      for (float[] part : parts) {
        exact += part[i];
        scale += Math.abs(part[i]);
      }
      assertEquals(exact, sum[i], c.size() * scale * 0x1p-23, "element " + i);
    }
    long[] bits = new long[count];
    long[] same = new long[count];
    for (int i = 0; i < count; i++) {
      bits[i] = Float.floatToIntBits(sum[i]);
      same[i] = bits[i];
    }
    c.allReduce(same, Reduction.MAX);
    assertArrayEquals(bits, same);
  }

  private static float[] random(int rank, int count) {
    Random random = new Random(rank);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat() - 0.5f;
    }
    return values;
  }

  private static void buckets(Collectives c, boolean backwards) {
    List<Tensor> buckets = new ArrayList<>();
    List<Pending> pending = new ArrayList<>();
    for (int b = 0; b < 37; b++) {
      int bucket = b;
      buckets.add(tensor(DType.FLOAT32, 1 + b * b * 11, i -> value(c.rank() + bucket, i)));
      pending.add(c.startAllReduce(buckets.get(b), Reduction.SUM));
    }
    if (backwards) {
      Collections.reverse(pending);
    }
    pending.forEach(Pending::await);
    pending.forEach(Pending::await); // a second time, which does nothing

    for (int b = 0; b < buckets.size(); b++) {
      int bucket = b;
      assertArrayEquals(
          expected(
              1 + b * b * 11,
              i -> reduced(Reduction.SUM, c.size(), rank -> value(rank + bucket, i))),
          values(buckets.get(b)),
          "bucket " + b);
    }
  }

  private static void allReduceOfPart(Collectives c) {
    Tensor x = tensor(DType.FLOAT32, 30, i -> value(c.rank(), i));

    c.allReduce(x.narrow(0, 7, 11), Reduction.SUM);

    assertArrayEquals(
        expected(
            30,
            i ->
                i >= 7 && i < 18
                    ? reduced(Reduction.SUM, c.size(), rank -> value(rank, i))
                    : value(c.rank(), i)),
        values(x));
  }

  /** Integers that were written from Java are remembered, until something changes them. */
  private static void allReduceOfKnownValues(Collectives c) {
    Tensor ids = Tensor.of(new long[] {c.rank(), 5}, 2);

    c.allReduce(ids, Reduction.SUM);

    assertArrayEquals(new long[] {c.size() * (c.size() - 1) / 2, 5L * c.size()}, ids.toLongs());
  }

  private static void allReduceOfArrays(Collectives c) {
    double[] losses = {0.25 * (c.rank() + 1), -3};
    long[] counts = {1, (1L << 53) + c.rank(), c.rank()};

    c.allReduce(losses, Reduction.SUM);
    c.allReduce(counts, Reduction.MAX);
    c.allReduce(new double[0], Reduction.SUM);

    assertArrayEquals(new double[] {0.125 * c.size() * (c.size() + 1), -3.0 * c.size()}, losses);
    assertArrayEquals(new long[] {1, (1L << 53) + c.size() - 1, c.size() - 1}, counts);
  }

  private static void allGather(Collectives c, DType dtype) {
    for (int count : new int[] {0, 1, 13, 4096}) {
      Tensor part = tensor(dtype, count, i -> value(c.rank(), i));
      Tensor whole = tensor(dtype, c.size() * count, i -> -99);

      c.allGather(part, whole);

      assertArrayEquals(
          expected(c.size() * count, i -> value(i / count, i % count)), values(whole));
    }
  }

  private static void broadcast(Collectives c, DType dtype) {
    for (int root = 0; root < c.size(); root++) {
      int from = root;
      Tensor x = tensor(dtype, 333, i -> value(c.rank(), i));

      c.broadcast(x, root);

      assertArrayEquals(expected(333, i -> value(from, i)), values(x));
    }
  }

  private static void reduceScatter(Collectives c, DType dtype) {
    for (int count : new int[] {0, 1, 13, 4096}) {
      int all = c.size() * count;
      Tensor whole = tensor(dtype, all, i -> value(c.rank(), i));
      Tensor part = tensor(dtype, count, i -> -99);

      c.reduceScatter(whole, part);

      int first = c.rank() * count;
      assertArrayEquals(
          expected(count, i -> reduced(Reduction.SUM, c.size(), rank -> value(rank, first + i))),
          values(part));
      assertArrayEquals(expected(all, i -> value(c.rank(), i)), values(whole));
    }
  }

  /** {@code sum <allGather(x), y> = sum <x, reduceScatter(y)>}, each sum over the ranks. */
  private static void adjoint(Collectives c) {
    Tensor x = tensor(DType.FLOAT64, 5, i -> value(c.rank(), i));
    Tensor y = tensor(DType.FLOAT64, 5 * c.size(), i -> value(c.rank() + 17, 3 * i));
    Tensor gathered = Tensor.zerosLike(y);
    Tensor scattered = Tensor.zerosLike(x);

    c.allGather(x, gathered);
    c.reduceScatter(y, scattered);

    double[] sums = {dot(gathered, y), dot(x, scattered)};
    c.allReduce(sums, Reduction.SUM);
    assertEquals(sums[0], sums[1]);
  }

  private static double dot(Tensor a, Tensor b) {
    double[] x = a.toDoubles();
    double[] y = b.toDoubles();
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] * y[i]).sum();
  }

  private static void wrongArguments(Collectives c) {
    Tensor matrix = tensor(DType.FLOAT32, 6, i -> i);
    Tensor half = matrix.to(DType.BFLOAT16);
    Tensor transposed = Tensor.of(new float[6], 2, 3).transpose();

    refused(
        "allReduce: type expected FLOAT32, FLOAT64 or INT64, got BFLOAT16; cast it",
        () -> c.allReduce(half, Reduction.SUM));
    refused(
        "allReduce: dense tensor expected, got a view of " + transposed + "; copy it",
        () -> c.startAllReduce(transposed, Reduction.SUM));
    refused(
        "sum: type expected FLOAT32, got BFLOAT16; cast it, or use startAllReduce",
        () -> c.startSum(half, Precision.BFLOAT16));
    refused(
        "sum: precision on the wire expected float32 or bfloat16, got int8",
        () -> c.startSum(matrix, Precision.INT8));
    refused(
        (c.size() == 1 ? "allReduce" : "sum")
            + ": dense tensor expected, got a view of "
            + transposed
            + "; copy it",
        () -> c.startSum(transposed, Precision.BFLOAT16));
    refused(
        "allGather: part and whole expected of one type, got BFLOAT16 and FLOAT32",
        () -> c.allGather(half, matrix));
    refused(
        "allGather: whole expected of " + c.size() + " parts of 5 elements [5], got 6 elements [6]",
        () -> c.allGather(matrix.narrow(0, 0, 5).copy(), matrix));
    refused(
        "broadcast: root expected from 0 to " + (c.size() - 1) + ", got " + c.size(),
        () -> c.broadcast(matrix, c.size()));
    if (c.size() == 1) {
      refused(
          "reduceScatter: part and whole expected in memory of their own, got some that share it",
          () -> c.reduceScatter(matrix, matrix));
    }
    c.barrier(); // they still work together
  }

  private static void deviceMemory(Collectives c) {
    try (Scope scope = Scope.open(Disguise.of(Backend.of("nd4j")))) {
      Tensor x = Tensor.of(new float[4], 4);

      refused(
          "allReduce: tensor expected in host memory, got "
              + x
              + " on disguised; copy it to a backend on the CPU",
          () -> c.allReduce(x, Reduction.SUM));
      refused(
          "broadcast: tensor expected in host memory, got "
              + x
              + " on disguised; copy it to a backend on the CPU",
          () -> c.broadcast(x, 0));
    }
  }

  private static void refused(String message, Runnable call) {
    var e = assertThrows(IllegalArgumentException.class, call::run);
    assertEquals(message, e.getMessage());
  }
}
