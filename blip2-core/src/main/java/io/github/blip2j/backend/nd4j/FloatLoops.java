package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.Kernels;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Threads;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.stream.IntStream;

/**
 * Loops over float32 memory in plain Java: one pass over data that is far larger than any cache.
 *
 * <p>Blocks that fit the first-level cache are copied to Java arrays and back: C2 vectorises loops
 * over arrays on every CPU, but not always over buffers, and the copies cost little beside the
 * memory access. No fused multiply-add is used, so results are equal on every machine and for any
 * number of threads.
 */
final class FloatLoops {
  static final int BLOCK = 2048; // four arrays of them are 32 KiB
  private static final long SPAN = 1 << 19; // elements per task of a thread

  private FloatLoops() {}

  /** Processes a part of a tensor. */
  interface Span {
    void run(long from, long to);
  }

  /** See {@link Kernels#adamW}; operations and rounding as in {@code torch.optim.AdamW}. */
  static void adamW(
      AdamWRule rule, AdamWRule.Step step, RawTensor x, RawTensor g, RawTensor m, RawTensor v) {
    AdamWBlock update = new AdamWBlock(rule, step);
    long[] at = {x.hostAddress(), g.hostAddress(), m.hostAddress(), v.hostAddress()};
    spans(
        x.size(),
        (from, to) -> {
          float[][] block = new float[4][BLOCK];
          FloatBuffer[] memory = new FloatBuffer[4];
          for (int i = 0; i < 4; i++) {
            memory[i] = floats(at[i], from, to);
          }
          for (int start = 0; start < to - from; start += BLOCK) {
            int count = (int) Math.min(BLOCK, to - from - start);
            for (int i = 0; i < 4; i++) {
              memory[i].get(start, block[i], 0, count);
            }
            update.run(block[0], block[1], block[2], block[3], count);
            memory[0].put(start, block[0], 0, count);
            memory[2].put(start, block[2], 0, count);
            memory[3].put(start, block[3], 0, count);
          }
        });
  }

  /** See {@link Kernels#squaredNorm}. */
  static double squaredNorm(RawTensor x) {
    long address = x.hostAddress();
    double[] sums = new double[Math.toIntExact((x.size() + SPAN - 1) / SPAN)];
    spans(
        x.size(),
        (from, to) -> {
          float[] block = new float[BLOCK];
          FloatBuffer memory = floats(address, from, to);
          double sum = 0;
          for (int start = 0; start < to - from; start += BLOCK) {
            int count = (int) Math.min(BLOCK, to - from - start);
            memory.get(start, block, 0, count);
            sum += squares(block, count);
          }
          sums[(int) (from / SPAN)] = sum;
        });
    double total = 0;
    for (double sum : sums) {
      total += sum;
    }
    return total;
  }

  /** Sums squares in eight accumulators, because a single one would wait for each addition. */
  private static double squares(float[] x, int count) {
    double[] sums = new double[8];
    int whole = count & -8;
    for (int i = 0; i < whole; i += 8) {
      for (int lane = 0; lane < 8; lane++) {
        double value = x[i + lane];
        sums[lane] += value * value;
      }
    }
    double total = 0;
    for (double sum : sums) {
      total += sum;
    }
    for (int i = whole; i < count; i++) {
      total += (double) x[i] * x[i];
    }
    return total;
  }

  /** Adds row i of {@code g} to row {@code rows[i]} of a table, in this order. */
  static void addRows(RawTensor table, long[] rows, RawTensor g) {
    long width = table.dim(1);
    float[] sums = new float[(int) Math.min(BLOCK, width)];
    float[] added = new float[sums.length];
    for (int i = 0; i < rows.length; i++) {
      for (long start = 0; start < width; start += BLOCK) {
        int count = (int) Math.min(BLOCK, width - start);
        long at = rows[i] * width + start;
        FloatBuffer target = floats(table.hostAddress(), at, at + count);
        floats(g.hostAddress(), i * width + start, i * width + start + count).get(added, 0, count);
        target.get(0, sums, 0, count);
        for (int j = 0; j < count; j++) {
          sums[j] += added[j];
        }
        target.put(0, sums, 0, count);
      }
    }
  }

  /** Processes spans of equal length in parallel, on as many threads as other operations use. */
  static void spans(long size, Span body) {
    int count = Math.toIntExact((size + SPAN - 1) / SPAN);
    int threads = count == 1 ? 1 : Math.min(Threads.count(), count);
    if (threads == 1) {
      share(size, 0, count, body);
      return;
    }
    IntStream.range(0, threads)
        .parallel()
        .forEach(
            thread ->
                share(
                    size,
                    (int) ((long) count * thread / threads),
                    (int) ((long) count * (thread + 1) / threads),
                    body));
  }

  private static void share(long size, int first, int end, Span body) {
    for (int i = first; i < end; i++) {
      body.run(i * SPAN, Math.min(size, (i + 1) * SPAN));
    }
  }

  static FloatBuffer floats(long address, long from, long to) {
    return HostMemory.bytes(address + from * Float.BYTES, (to - from) * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  /** The arithmetic of one step on a block, with constants rounded once. */
  private static final class AdamWBlock {
    private final float keep;
    private final float toGradient;
    private final float beta2;
    private final float toSquare;
    private final float stepSize;
    private final float rootCorrection;
    private final float eps;
    private final float gradientScale;

    AdamWBlock(AdamWRule rule, AdamWRule.Step step) {
      keep = (float) (1 - step.lr() * step.weightDecay());
      toGradient = (float) (1 - rule.beta1());
      beta2 = (float) rule.beta2();
      toSquare = (float) (1 - rule.beta2());
      stepSize = (float) -(step.lr() / (1 - Math.pow(rule.beta1(), (double) step.number())));
      rootCorrection = (float) Math.sqrt(1 - Math.pow(rule.beta2(), (double) step.number()));
      eps = (float) rule.eps();
      gradientScale = (float) step.gradientScale();
    }

    void run(float[] x, float[] g, float[] m, float[] v, int count) {
      for (int i = 0; i < count; i++) {
        float gradient = g[i] * gradientScale;
        float mean = m[i] + toGradient * (gradient - m[i]);
        float square = v[i] * beta2 + toSquare * gradient * gradient;
        float root = (float) Math.sqrt(square) / rootCorrection + eps;
        m[i] = mean;
        v[i] = square;
        x[i] = x[i] * keep + stepSize * mean / root;
      }
    }
  }
}
