package io.github.blip2j.onednn;

import io.github.blip2j.tensor.Activation;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.LinearMap;
import io.github.blip2j.tensor.Packing;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
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
  private static final long TYPICAL_ROWS = 256;
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

  private final ThreadLocal<Calls> calls;
  private final boolean narrowInput;
  private final Set<Precision> told = ConcurrentHashMap.newKeySet(); // each once is enough
  private final Int8Linears int8;
  private final Map<Size, Optional<memory.desc>> layouts = new ConcurrentHashMap<>();

  /**
   * Linear maps.
   *
   * @param narrowInput whether inputs of bfloat16 weights are rounded to bfloat16 too: it pays
   *     where the CPU multiplies bfloat16 itself; elsewhere weights are widened on their way into
   *     the product, and the input stays as it is
   */
  Linears(ThreadLocal<Calls> calls, boolean narrowInput) {
    this.calls = calls;
    this.narrowInput = narrowInput;
    this.int8 = new Int8Linears(calls);
  }

  /** The packed weight, or null if no fast kernel for this type is there. */
  @Nullable Packing pack(Tensor weight, Precision precision) {
    Size size = new Size(weight.dim(0), weight.dim(1), precision);
    Optional<memory.desc> layout = layouts.computeIfAbsent(size, this::layout);
    DType input = narrowInput && precision == Precision.BFLOAT16 ? DType.BFLOAT16 : DType.FLOAT32;
    return layout.map(to -> PackedMatrix.of(calls, weight, precision, to, input)).orElse(null);
  }

  private Optional<memory.desc> layout(Size size) {
    Optional<memory.desc> layout = fastest(size);
    boolean first = told.add(size.precision);
    if (first && layout.isEmpty()) {
      LOG.warn("{}: no kernel is fast on this CPU; weights are unpacked each time", size.precision);
    } else if (first && size.precision == Precision.BFLOAT16 && !narrowInput) {
      LOG.info("bfloat16: this CPU multiplies float32; weights are widened in the product");
    }
    return layout;
  }

  private Optional<memory.desc> fastest(Size size) {
    Calls here = calls.get();
    if (size.precision == Precision.INT8) {
      return Optional.ofNullable(Int8Linears.layout(here, size.outputs, size.inputs));
    }
    boolean narrow = narrowInput && size.precision == Precision.BFLOAT16;
    memory.data_type input = narrow ? memory.data_type.bf16 : memory.data_type.f32;
    memory.desc any =
        new memory.desc(
            new long[] {size.inputs, size.outputs}, stored(size.precision), memory.format_tag.any);
    var pd =
        new matmul.primitive_desc(
            here.engine(),
            Layout.dense(input, TYPICAL_ROWS, size.inputs).desc(),
            any,
            Layout.matrix(TYPICAL_ROWS, size.outputs).desc(),
            Calls.attributes(),
            true);
    boolean fast = pd.get(true) != null && !pd.impl_info_str().getString().startsWith("ref");
    return fast ? Optional.of(pd.weights_desc()) : Optional.empty();
  }

  static memory.data_type stored(Precision precision) {
    return switch (precision) {
      case FLOAT32 -> memory.data_type.f32;
      case BFLOAT16 -> memory.data_type.bf16;
      case INT8 -> memory.data_type.s8;
    };
  }

  /** Whether a kernel is there for weights that are stored so. */
  static boolean fits(Tensor weight) {
    boolean stored = weight.dtype() == DType.FLOAT32 || weight.dtype() == DType.BFLOAT16;
    return stored && (weight.packing() == null || weight.packing() instanceof PackedMatrix);
  }

  /** See {@code Kernels.linears}; all but the weights is dense. */
  void run(Tensor x, List<LinearMap> maps, List<Tensor> outs) {
    try (Scope scope = Scope.open()) {
      LinearInput input = new LinearInput(calls, x, x.dim(-1));
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
      LinearInput input = new LinearInput(calls, x, x.dim(-1));
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
    PackedMatrix packed = (PackedMatrix) weight.packing();
    if (packed != null && packed.precision() == Precision.INT8) {
      int8.run(input.bytes(), packed, bias, activation, residual, out);
      return;
    }
    long K = weight.dim(1);
    long N = weight.dim(0);
    long M = input.rows();
    boolean plain = activation == Activation.IDENTITY && residual == null;
    if (plain && M >= GEMM_ROWS && weight.packing() == null && weight.dtype() == DType.FLOAT32) {
      gemm(input.exact(), weight, bias, out);
      return;
    }
    Residual how =
        residual == null
            ? Residual.NONE
            : residual.address() == out.address() ? Residual.IN_PLACE : Residual.APART;
    boolean narrow = packed != null && packed.input() == DType.BFLOAT16;
    Tensor x = narrow ? input.narrow() : input.exact();
    try (Scope scope = Scope.open()) {
      Matrix matrix = matrix(weight, M);
      Layout in = Layout.dense(Layout.type(x.dtype()), M, K);
      Layout result = Layout.dense(Layout.type(out.dtype()), M, N);
      Key key =
          Key.of("linear", in, Layout.dense(matrix.type, K, N), result)
              .with(matrix.packed ? 1 : 0, bias == null ? 0 : 1, number(activation), how.number);
      Call call =
          calls
              .get()
              .get(key, () -> product(in, matrix.layout.get(), result, bias, activation, how));
      Tensor apart = how == Residual.APART ? residual : null;
      call.run(operands(x, matrix.address, bias, apart, out));
    }
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
    Calls here = calls.get();
    here.get(
            Key.of("copy", repeated, result.layout()),
            () -> Copies.reorder(here, repeated.desc(), result.layout().desc()))
        .run(bias.address(), out.address());
    Gemm.add(input, matrix, result);
  }

  /** A weight as a product reads it; type, size and packing decide its layout. */
  private record Matrix(
      memory.data_type type, boolean packed, Supplier<memory.desc> layout, long address) {}

  private Matrix matrix(Tensor weight, long M) {
    PackedMatrix packed = (PackedMatrix) weight.packing();
    if (packed == null) {
      memory.data_type type = Layout.type(weight.dtype());
      long[] dims = {weight.dim(1), weight.dim(0)};
      long[] strides = {1, weight.dim(1)}; // stored by outputs, read transposed
      return new Matrix(type, false, Layout.of(type, dims, strides)::desc, weight.address());
    }
    if (packed.precision() == Precision.BFLOAT16 && !narrowInput && M >= MANY_ROWS) {
      Size size = new Size(weight.dim(0), weight.dim(1), Precision.FLOAT32);
      Optional<memory.desc> wide = layouts.computeIfAbsent(size, this::layout);
      if (wide.isPresent()) {
        return widened(packed, wide.get());
      }
    }
    return new Matrix(stored(packed.precision()), true, packed::description, packed.address());
  }

  /** Widened once for all rows; the product would do it for every block of them. */
  private Matrix widened(PackedMatrix packed, memory.desc wide) {
    Calls here = calls.get();
    long numbers = wide.get_size() / Float.BYTES;
    Tensor copy = Tensor.uninitialized("linear", DType.FLOAT32, Shape.of(numbers));
    long N = packed.shape().dim(0);
    long K = packed.shape().dim(1);
    here.get(
            Key.of("widen", Layout.dense(memory.data_type.bf16, K, N)),
            () -> Copies.reorder(here, packed.description(), wide))
        .run(packed.address(), copy.address());
    return new Matrix(memory.data_type.f32, true, () -> wide, copy.address());
  }

  private static long[] operands(
      Tensor x, long weight, @Nullable Tensor bias, @Nullable Tensor apart, Tensor out) {
    long[] operands = new long[3 + (bias == null ? 0 : 1) + (apart == null ? 0 : 1)];
    int i = 0;
    operands[i++] = x.address();
    operands[i++] = weight;
    operands[i++] = out.address();
    if (bias != null) {
      operands[i++] = bias.address();
    }
    if (apart != null) {
      operands[i] = apart.address();
    }
    return operands;
  }

  private Call product(
      Layout input,
      memory.desc weight,
      Layout result,
      @Nullable Tensor bias,
      Activation activation,
      Residual residual) {
    Calls here = calls.get();
    memory.desc out = result.desc();
    memory.desc row = Layout.matrix(1, result.dim(1)).desc();
    memory.desc in = input.desc();
    post_ops after = new post_ops();
    append(after, activation);
    if (residual == Residual.IN_PLACE) {
      after.append_sum();
    } else if (residual == Residual.APART) {
      after.append_binary(algorithm.binary_add, out);
    }
    primitive_attr attributes = Calls.attributes(after);
    var pd =
        bias == null
            ? new matmul.primitive_desc(here.engine(), in, weight, out, attributes, false)
            : new matmul.primitive_desc(here.engine(), in, weight, row, out, attributes, false);
    Call call =
        new Call(here, new matmul(pd), pd)
            .operand(dnnl.DNNL_ARG_SRC, in)
            .operand(dnnl.DNNL_ARG_WEIGHTS, weight)
            .operand(dnnl.DNNL_ARG_DST, out);
    if (bias != null) {
      call.operand(dnnl.DNNL_ARG_BIAS, row);
    }
    if (residual == Residual.APART) {
      call.operand(afterOperand(activation == Activation.IDENTITY ? 0 : 1), out);
    }
    return call;
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
