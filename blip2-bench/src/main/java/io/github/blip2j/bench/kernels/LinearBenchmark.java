package io.github.blip2j.bench.kernels;

import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
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
 * Linear maps of ViT-g (1408 wide) and OPT-2.7b (2560 wide): for one token, five beams, a prompt,
 * and the patches of an image.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@NullUnmarked // JMH fills the fields
public class LinearBenchmark {
  /** Rows of the input. */
  @Param({"1", "5", "33", "257"})
  public int rows;

  /** Inputs and outputs of the map. */
  @Param({"1408x1408", "1408x6144", "6144x1408", "2560x2560", "2560x10240", "10240x2560"})
  public String map;

  /** How the matrix is stored. */
  @Param({"FLOAT32", "BFLOAT16", "INT8"})
  public Precision precision;

  private Inputs inputs;
  private Tensor x;
  private Tensor weight;
  private Tensor bias;

  /** For JMH. */
  public LinearBenchmark() {}

  /** Makes the input, the matrix and the bias. */
  @Setup
  public void make() {
    int cross = map.indexOf('x');
    int in = Integer.parseInt(map.substring(0, cross));
    int out = Integer.parseInt(map.substring(cross + 1));
    inputs = new Inputs();
    x = inputs.normal(rows, in);
    Tensor matrix = inputs.normal(out, in);
    weight = inputs.keep(() -> matrix.pack(precision, PackedWeight.Use.PREFILL));
    bias = inputs.normal(out);
  }

  /** Frees them. */
  @TearDown
  public void free() {
    inputs.free();
  }

  /** {@code x W^T + b}. */
  @Benchmark
  public long linear() {
    return Inputs.once(() -> x.linear(weight, bias));
  }
}
