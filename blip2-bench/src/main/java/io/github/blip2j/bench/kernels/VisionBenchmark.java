package io.github.blip2j.bench.kernels;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The operations of a ViT-g block other than its linear maps, at its sizes, and an embedding
 * lookup.
 *
 * <pre>{@code
 * 257 patches, 16 heads of width 88, 1408 width, 6144 width of the MLP
 * }</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@NullUnmarked // JMH fills the fields
public class VisionBenchmark {
  private static final int PATCHES = 257;
  private static final int HEADS = 16;
  private static final int HEAD_WIDTH = 88;
  private static final int WIDTH = HEADS * HEAD_WIDTH;
  private static final int MLP = 6144;
  private static final int WORDS = 30522;

  private Inputs inputs;
  private Tensor x;
  private Tensor wide;
  private Tensor gamma;
  private Tensor beta;
  private Tensor scores;
  private Tensor q;
  private Tensor k;
  private Tensor v;
  private Tensor table;
  private Tensor ids;

  /** For JMH. */
  public VisionBenchmark() {}

  /** Makes the operands. */
  @Setup
  public void make() {
    inputs = new Inputs();
    x = inputs.normal(PATCHES, WIDTH);
    wide = inputs.normal(PATCHES, MLP);
    gamma = inputs.normal(WIDTH);
    beta = inputs.normal(WIDTH);
    scores = inputs.normal(1, HEADS, PATCHES, PATCHES);
    q = inputs.normal(1, PATCHES, HEADS, HEAD_WIDTH);
    k = inputs.normal(1, PATCHES, HEADS, HEAD_WIDTH);
    v = inputs.normal(1, PATCHES, HEADS, HEAD_WIDTH);
    table = inputs.normal(WORDS, WIDTH);
    long[] words = new long[PATCHES];
    for (int i = 0; i < words.length; i++) {
      words[i] = i * 7919L % WORDS; // scattered, as token ids are
    }
    ids = inputs.keep(() -> Tensor.of(words, PATCHES));
  }

  /** Frees them. */
  @TearDown
  public void free() {
    inputs.free();
  }

  /** Layer norm, [257, 1408]. */
  @Benchmark
  public long layerNorm() {
    return Inputs.once(() -> x.layerNorm(gamma, beta, 1e-6));
  }

  /** Softmax of attention scores, [1, 16, 257, 257]. */
  @Benchmark
  public long softmax() {
    return Inputs.once(scores::softmax);
  }

  /** Attention, [1, 257, 16, 88]. */
  @Benchmark
  public long attention() {
    return Inputs.once(() -> q.attention(k, v, 1 / Math.sqrt(HEAD_WIDTH), null));
  }

  /** GELU, [257, 6144]. */
  @Benchmark
  public long gelu() {
    return Inputs.once(() -> wide.activate(Activation.GELU));
  }

  /** 257 rows of a table [30522, 1408]. */
  @Benchmark
  public long gather() {
    return Inputs.once(() -> table.gather(ids));
  }

  /** A copy of [257, 1408]. */
  @Benchmark
  public long copy() {
    return Inputs.once(x::copy);
  }
}
