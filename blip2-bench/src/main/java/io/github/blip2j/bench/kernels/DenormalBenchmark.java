package io.github.blip2j.bench.kernels;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Operations on numbers of ordinary size and on denormal ones (1e-40), which many CPUs compute with
 * in microcode.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@NullUnmarked // JMH fills the fields
public class DenormalBenchmark {
  private static final int SIDE = 512;

  /** Every number of the left operand. */
  @Param({"0.1", "1e-40"})
  public double number;

  private Inputs inputs;
  private Tensor x;
  private Tensor ordinary;

  /** For JMH. */
  public DenormalBenchmark() {}

  /** Makes both operands, [512, 512]. */
  @Setup
  public void make() {
    inputs = new Inputs();
    x = inputs.keep(() -> Tensor.full(DType.FLOAT32, number, SIDE, SIDE));
    ordinary = inputs.normal(SIDE, SIDE);
  }

  /** Frees them. */
  @TearDown
  public void free() {
    inputs.free();
  }

  /** The product with a matrix of ordinary numbers. */
  @Benchmark
  public long product() {
    return Inputs.once(() -> x.matmul(ordinary));
  }

  /** Element by element, times ordinary numbers. */
  @Benchmark
  public long times() {
    return Inputs.once(() -> x.mul(ordinary));
  }

  /** Element by element, plus itself. */
  @Benchmark
  public long plus() {
    return Inputs.once(() -> x.add(x));
  }

  /** Times one number. */
  @Benchmark
  public long scale() {
    return Inputs.once(() -> x.mul(0.5));
  }
}
