package io.github.blip2j.onednn;

import io.github.blip2j.onednn.Stored.Kernel;
import io.github.blip2j.onednn.Stored.Reads;
import io.github.blip2j.tensor.Activation;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.LinearMap;
import io.github.blip2j.tensor.Packing;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Linear maps: one product whose result passes through bias, activation and residual while it is
 * still in the registers.
 */
final class Linears {
  private static final Logger LOG = LoggerFactory.getLogger(Linears.class);
  private static final double QUICK_GELU = 1.702;
  // Layouts are asked for with a few hundred rows: what serves one row best is twice as slow for
  // many, and the other way round nothing is lost.
  static final long TYPICAL_ROWS = 256;
  private static final long MANY_ROWS = 128;
  // From here on GEMM gains more than the bias costs, which it adds apart: a weight that is not
  // packed, as in training, is packed by GEMM for both cores and by the product kernel for each.
  private static final long GEMM_ROWS = 512;

  private enum Residual {
    NONE(0),
    IN_PLACE(1),
    APART(2);

    final long number; // in keys

    Residual(long number) {
      this.number = number;
    }
  }

  private record Size(long outputs, long inputs, Precision precision) {}

  private final CallPool calls;
  private final Cpu cpu;
  private final Set<Precision> told = ConcurrentHashMap.newKeySet(); // each once is enough
  private final Int8Linears int8;
  private final Elements elements;
  private final RoundedRows.Bits bits;
  private final Map<Size, Optional<Stored>> stores = new ConcurrentHashMap<>();

  Linears(CallPool calls, Cpu cpu) {
    this.calls = calls;
    this.cpu = cpu;
    this.int8 = new Int8Linears(calls);
    this.elements = new Elements(calls);
    this.bits = cpu.bytes() ? RoundedRows.Bits.EIGHT : RoundedRows.Bits.SEVEN;
  }

  /**
   * The packed weight, or null if no fast kernel for this type is there, or plain memory serves
   * better: without AVX-512, single rows of float32 are multiplied a tenth faster with it.
   */
  @Nullable Packing pack(Tensor weight, Precision precision, Packing.Use use) {
    if (precision == Precision.FLOAT32 && use == Packing.Use.STEPS && !cpu.wide()) {
      return null;
    }
    Size size = new Size(weight.dim(0), weight.dim(1), precision);
    Optional<Stored> stored = stores.computeIfAbsent(size, this::choose);
    return stored.map(how -> PackedMatrix.of(calls, cpu, weight, how)).orElse(null);
  }

  private Optional<Stored> choose(Size size) {
    Optional<Stored> stored = Optional.ofNullable(fastest(size));
    if (told.add(size.precision)) {
      tell(size.precision, stored);
    }
    return stored;
  }

  private void tell(Precision precision, Optional<Stored> stored) {
    if (stored.isEmpty()) {
      LOG.warn("{}: no kernel is fast on this CPU; weights are unpacked each time", precision);
    } else if (precision == Precision.BFLOAT16 && stored.get().reads() == Reads.FLOAT32) {
      LOG.info("{}: this CPU multiplies float32; weights are widened in the product", precision);
    } else if (precision == Precision.INT8 && !cpu.bytes()) {
      LOG.info(
          "{}: this CPU lacks VNNI; inputs have seven bits where others have eight", precision);
    }
  }

  /**
   * Inputs are rounded where that makes a product faster: to bfloat16 where the CPU multiplies it
   * itself, to bytes for weights of bytes. Elsewhere weights are widened on their way into the
   * product, and the input stays as it is.
   */
  private @Nullable Stored fastest(Size size) {
    return switch (size.precision) {
      case FLOAT32 -> cpu.wide() ? product(size, Reads.FLOAT32) : convolution(size, Reads.FLOAT32);
      case BFLOAT16 -> {
        Stored stored = product(size, cpu.bfloat16() ? Reads.BFLOAT16 : Reads.FLOAT32);
        // Without AVX-512 it is read for multiples of eight outputs only: not for BERT's words.
        yield stored != null
            ? stored
            : fastest(new Size(size.outputs, size.inputs, Precision.FLOAT32));
      }
      case INT8 -> {
        if (!cpu.bytes()) {
          yield convolution(size, Reads.BYTES);
        }
        memory.desc layout = Int8Linears.layout(calls.engine(), size.outputs, size.inputs);
        yield stored(size, Kernel.PRODUCT, layout, Reads.BYTES);
      }
    };
  }

  private static @Nullable Stored stored(
      Size size, Kernel kernel, memory.@Nullable desc layout, Reads reads) {
    return layout == null ? null : Stored.of(size.precision, kernel, layout, reads, size.inputs);
  }

  private @Nullable Stored convolution(Size size, Reads reads) {
    memory.desc layout =
        Pointwise.layout(calls.engine(), size.precision, size.outputs, size.inputs);
    return stored(size, Kernel.CONVOLUTION, layout, reads);
  }

  private @Nullable Stored product(Size size, Reads reads) {
    boolean narrow = reads == Reads.BFLOAT16;
    memory.data_type input = narrow ? memory.data_type.bf16 : memory.data_type.f32;
    long[] dims = {size.inputs, size.outputs};
    var pd =
        new matmul.primitive_desc(
            calls.engine(),
            Layout.dense(input, TYPICAL_ROWS, size.inputs).desc(),
            new memory.desc(dims, Stored.type(size.precision), memory.format_tag.any),
            Layout.matrix(TYPICAL_ROWS, size.outputs).desc(),
            Calls.attributes(),
            true);
    boolean fast = pd.get(true) != null && !pd.impl_info_str().getString().startsWith("ref");
    return stored(size, Kernel.PRODUCT, fast ? pd.weights_desc() : null, reads);
  }

  /** Whether a kernel is there for weights that are stored so. */
  static boolean fits(Tensor weight) {
    boolean stored = weight.dtype() == DType.FLOAT32 || weight.dtype() == DType.BFLOAT16;
    return stored && (weight.packing() == null || weight.packing() instanceof PackedMatrix);
  }

  /** See {@code Kernels.linears}; all but the weights is dense. */
  void run(Tensor x, List<LinearMap> maps, List<Tensor> outs) {
    try (Scope scope = Scope.open()) {
      LinearInput input = new LinearInput(calls, x, x.dim(-1), bits);
      if (maps.stream().allMatch(map -> isBytes(map.weight()))) {
        int8.run(input.bytes(), maps, outs);
        return;
      }
      for (int i = 0; i < maps.size(); i++) {
        LinearMap map = maps.get(i);
        run(input, map.weight(), map.bias(), map.activation(), null, outs.get(i));
      }
    }
  }

  /** See {@code Kernels.linear}; all but the weight is dense. */
  void run(
      Tensor x,
      Tensor weight,
      @Nullable Tensor bias,
      Activation activation,
      @Nullable Tensor residual,
      Tensor out) {
    try (Scope scope = Scope.open()) {
      LinearInput input = new LinearInput(calls, x, x.dim(-1), bits);
      run(input, weight, bias, activation, residual, out);
    }
  }

  private void run(
      LinearInput input,
      Tensor weight,
      @Nullable Tensor bias,
      Activation activation,
      @Nullable Tensor residual,
      Tensor out) {
    if (isBytes(weight)) {
      int8.run(input.bytes(), new LinearMap(weight, bias, activation), residual, out);
      return;
    }
    PackedMatrix packed = (PackedMatrix) weight.packing();
    long K = weight.dim(1);
    long N = weight.dim(0);
    long M = input.rows();
    if (residual == null && isDear(activation, packed, M)) {
      run(input, weight, bias, Activation.IDENTITY, null, out);
      elements.activation(activation, out, out);
      return;
    }
    boolean plain = activation == Activation.IDENTITY && residual == null;
    if (plain && M >= GEMM_ROWS && weight.packing() == null && weight.dtype() == DType.FLOAT32) {
      gemm(input.exact(), weight, bias, out);
      return;
    }
    Residual how =
        residual == null
            ? Residual.NONE
            : residual.address() == out.address() ? Residual.IN_PLACE : Residual.APART;
    boolean narrow = packed != null && packed.reads() == Reads.BFLOAT16;
    Tensor x = narrow ? input.narrow() : input.exact();
    try (Scope scope = Scope.open()) {
      Matrix matrix = matrix(weight, M);
      Layout in = Layout.dense(Layout.type(x.dtype()), M, K);
      Layout result = Layout.dense(Layout.type(out.dtype()), M, N);
      Key key =
          Key.of("linear", in, Layout.dense(matrix.type, K, N), result)
              .with(matrix.packed ? 1 : 0, bias == null ? 0 : 1, number(activation), how.number);
      Tensor apart = how == Residual.APART ? residual : null;
      calls.run(
          key,
          here -> product(here, in, matrix, result, bias, activation, how),
          operands(x, matrix, bias, apart, out));
    }
  }

  private static boolean isBytes(Tensor weight) {
    return weight.packing() instanceof PackedMatrix packed && packed.reads() == Reads.BYTES;
  }

  /** Whether a pass of its own costs less: without AVX-512 GELU takes a quarter of a product. */
  private boolean isDear(Activation activation, @Nullable PackedMatrix packed, long M) {
    boolean product = packed == null || packed.kernel() == Kernel.PRODUCT;
    return activation == Activation.GELU && product && !cpu.wide() && M >= MANY_ROWS;
  }

  private void gemm(Tensor x, Tensor weight, @Nullable Tensor bias, Tensor out) {
    long K = weight.dim(1);
    long N = weight.dim(0);
    long M = x.size() / K;
    var input = new Products.Place(Layout.matrix(M, K), x.address());
    var matrix = new Products.Place(Layout.matrix(N, K).transpose(), weight.address());
    var result = new Products.Place(Layout.matrix(M, N), out.address());
    if (bias == null) {
      Gemm.run(input, matrix, result);
      return;
    }
    Layout repeated = Layout.of(memory.data_type.f32, new long[] {M, N}, new long[] {0, 1});
    calls.run(
        Key.of("copy", repeated, result.layout()),
        here -> Copies.reorder(here, repeated.desc(), result.layout().desc()),
        bias.address(),
        out.address());
    Gemm.add(input, matrix, result);
  }

  /**
   * A weight as a product reads it; type, size and packing decide its layout.
   *
   * @param kernel what multiplies by it
   */
  private record Matrix(
      Kernel kernel,
      memory.data_type type,
      boolean packed,
      Supplier<memory.desc> layout,
      long address) {}

  private Matrix matrix(Tensor weight, long M) {
    PackedMatrix packed = (PackedMatrix) weight.packing();
    if (packed == null) {
      memory.data_type type = Layout.type(weight.dtype());
      long[] dims = {weight.dim(1), weight.dim(0)};
      long[] strides = {1, weight.dim(1)}; // stored by outputs, read transposed
      Layout plain = Layout.of(type, dims, strides);
      return new Matrix(Kernel.PRODUCT, type, false, plain::desc, weight.address());
    }
    boolean widens =
        packed.precision() == Precision.BFLOAT16 && packed.reads() == Reads.FLOAT32 && cpu.wide();
    if (widens && M >= MANY_ROWS) {
      Size size = new Size(weight.dim(0), weight.dim(1), Precision.FLOAT32);
      Optional<Stored> wide = stores.computeIfAbsent(size, this::choose);
      if (wide.isPresent()) {
        return widened(packed, wide.get().description());
      }
    }
    memory.data_type type = Stored.type(packed.precision());
    return new Matrix(packed.kernel(), type, true, packed::description, packed.address());
  }

  /** Widened once for all rows; the product would do it for every block of them. */
  private Matrix widened(PackedMatrix packed, memory.desc wide) {
    long numbers = wide.get_size() / Float.BYTES;
    Tensor copy = Tensor.uninitialized("linear", DType.FLOAT32, Shape.of(numbers));
    long N = packed.shape().dim(0);
    long K = packed.shape().dim(1);
    calls.run(
        Key.of("widen", Layout.dense(memory.data_type.bf16, K, N)),
        here -> Copies.reorder(here, packed.description(), wide),
        packed.address(),
        copy.address());
    memory.data_type type = memory.data_type.f32;
    return new Matrix(Kernel.PRODUCT, type, true, () -> wide, copy.address());
  }

  private static long[] operands(
      Tensor x, Matrix matrix, @Nullable Tensor bias, @Nullable Tensor apart, Tensor out) {
    long[] operands = {x.address(), matrix.address, out.address(), 0, 0};
    int count = 3;
    if (bias != null) {
      operands[count++] = bias.address();
    }
    if (apart != null) {
      operands[count++] = apart.address();
    }
    return Arrays.copyOf(operands, count);
  }

  private Call product(
      Calls here,
      Layout input,
      Matrix matrix,
      Layout result,
      @Nullable Tensor bias,
      Activation activation,
      Residual residual) {
    var size = new Pointwise.Size(result.dim(0), result.dim(1), input.dim(1));
    boolean convolves = matrix.kernel == Kernel.CONVOLUTION;
    memory.desc out =
        convolves ? Pointwise.rows(memory.data_type.f32, size.M(), size.N()) : result.desc();
    post_ops after = new post_ops();
    append(after, activation);
    if (residual == Residual.IN_PLACE) {
      after.append_sum();
    } else if (residual == Residual.APART) {
      after.append_binary(algorithm.binary_add, out);
    }
    Call call = null;
    if (convolves) {
      call = Pointwise.call(here, matrix.layout.get(), size, bias != null, after);
    } else if (!cpu.wide() && isSingle(input, matrix, result)) {
      call = SingleRow.call(here, size.N(), size.K(), bias != null, after);
    }
    if (call == null) {
      call = product(here, input.desc(), matrix, out, bias != null, after);
    }
    if (residual == Residual.APART) {
      call.operand(afterOperand(activation == Activation.IDENTITY ? 0 : 1), out);
    }
    return call;
  }

  private static boolean isSingle(Layout input, Matrix matrix, Layout result) {
    return input.equals(Layout.matrix(1, input.dim(1)))
        && result.equals(Layout.matrix(1, result.dim(1)))
        && matrix.type == memory.data_type.f32
        && !matrix.packed;
  }

  private static Call product(
      Calls here,
      memory.desc input,
      Matrix matrix,
      memory.desc out,
      boolean biased,
      post_ops after) {
    long N = out.get_dims().get(1);
    memory.desc weight = matrix.layout.get();
    memory.desc row = Layout.matrix(1, N).desc();
    primitive_attr attributes = Calls.attributes(after);
    var pd =
        biased
            ? new matmul.primitive_desc(here.engine(), input, weight, row, out, attributes, false)
            : new matmul.primitive_desc(here.engine(), input, weight, out, attributes, false);
    Call call =
        new Call(here, new matmul(pd), pd)
            .operand(dnnl.DNNL_ARG_SRC, input)
            .operand(dnnl.DNNL_ARG_WEIGHTS, weight)
            .operand(dnnl.DNNL_ARG_DST, out);
    return biased ? call.operand(dnnl.DNNL_ARG_BIAS, row) : call;
  }

  /** The argument of the second operand of the operation after the product, by its place. */
  static int afterOperand(int place) {
    return dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (place + 1) | dnnl.DNNL_ARG_SRC_1;
  }

  static void append(post_ops after, Activation activation) {
    if (activation != Activation.IDENTITY) {
      after.append_eltwise(algorithm(activation), alpha(activation), 0);
    }
  }

  static algorithm algorithm(Activation activation) {
    return switch (activation) {
      case IDENTITY -> algorithm.eltwise_linear;
      case GELU -> algorithm.eltwise_gelu_erf;
      case GELU_TANH -> algorithm.eltwise_gelu_tanh;
      case QUICK_GELU, SILU -> algorithm.eltwise_swish;
      case RELU -> algorithm.eltwise_relu;
    };
  }

  /** What tells it from other activations in a key. */
  static long number(Activation activation) {
    if (activation == Activation.IDENTITY) {
      return 0;
    }
    return (long) algorithm(activation).value << Integer.SIZE
        | Float.floatToRawIntBits(alpha(activation));
  }

  static float alpha(Activation activation) {
    return switch (activation) {
      case QUICK_GELU -> (float) QUICK_GELU;
      case SILU, IDENTITY -> 1;
      default -> 0;
    };
  }
}
