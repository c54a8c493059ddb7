package io.github.blip2j.bench.kernels;

import io.github.blip2j.backend.AdamWRule;
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

/** The optimiser's work on one parameter, by default of the size of a layer of BERT. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@NullUnmarked // JMH fills the fields
public class OptimizerBenchmark {
  private static final AdamWRule.Step STEP = new AdamWRule.Step(1000, 1e-5, 0.05, 1);

  /** Numbers in the parameter. */
  @Param("7000000")
  public int numbers;

  private Inputs inputs;
  private Tensor x;
  private Tensor g;
  private Tensor m;
  private Tensor v;

  /** For JMH. */
  public OptimizerBenchmark() {}

  /** Makes the parameter, its gradient and the optimiser's state. */
  @Setup
  public void make() {
    inputs = new Inputs();
    x = inputs.normal(numbers);
    g = inputs.normal(numbers);
    m = inputs.keep(() -> Tensor.zeros(DType.FLOAT32, numbers));
    v = inputs.keep(() -> Tensor.zeros(DType.FLOAT32, numbers));
  }

  /** Frees them. */
  @TearDown
  public void free() {
    inputs.free();
  }

  /** One step of AdamW in place. */
  @Benchmark
  public long adamW() {
    return Inputs.once(
        () -> {
          x.adamWInPlace(AdamWRule.DEFAULT, STEP, g, m, v);
          return x;
        });
  }

  /** The sum of squares for gradient clipping. */
  @Benchmark
  public double squaredNorm() {
    return g.squaredNorm();
  }
}
