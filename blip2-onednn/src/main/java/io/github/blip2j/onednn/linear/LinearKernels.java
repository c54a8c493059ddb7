package io.github.blip2j.onednn.linear;

import io.github.blip2j.backend.Affine;
import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.onednn.int8.Int8LinearKernels;
import io.github.blip2j.onednn.packed.ByteRange;
import io.github.blip2j.onednn.packed.PackedMatrix;
import io.github.blip2j.onednn.packed.Pointwise;
import io.github.blip2j.onednn.packed.WeightLayout;
import io.github.blip2j.onednn.packed.WeightLayout.Kernel;
import io.github.blip2j.onednn.packed.WeightLayout.Reads;
import io.github.blip2j.onednn.primitive.Algorithms;
import io.github.blip2j.onednn.primitive.CopyKernels;
import io.github.blip2j.onednn.primitive.Cpu;
import io.github.blip2j.onednn.primitive.ElementwiseKernels;
import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.Place;
import io.github.blip2j.onednn.primitive.Primitive;
import io.github.blip2j.onednn.primitive.PrimitiveCache;
import io.github.blip2j.onednn.primitive.PrimitiveKey;
import io.github.blip2j.onednn.primitive.PrimitivePool;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.tensor.types.Shape;
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
 * Linear maps: one product, whose result gets bias, activation and residual while it is in the
 * registers.
 */
public final class LinearKernels {
  private static final Logger LOG = LoggerFactory.getLogger(LinearKernels.class);
  private static final long MANY_ROWS = 128;
  // From here on GEMM gains more than its separate bias pass costs: GEMM packs a plain weight, as
  // in training, once for both cores, the product kernel once for each.
  private static final long GEMM_ROWS = 512;

  private enum Residual {
    NONE(0),
    IN_PLACE(1),
    APART(2);

    final long number; // part of keys

    Residual(long number) {
      this.number = number;
    }
  }

  private record Size(long outputs, long inputs, Precision precision) {}

  private final PrimitivePool calls;
  private final Cpu cpu;
  private final CopyKernels copies;
  private final Set<Precision> told = ConcurrentHashMap.newKeySet(); // warn once for each
  private final Int8LinearKernels int8;
  private final ElementwiseKernels elements;
  private final ByteRange bits;
  private final Map<Size, Optional<WeightLayout>> stores = new ConcurrentHashMap<>();

  public LinearKernels(PrimitivePool calls, Cpu cpu, CopyKernels copies) {
    this.calls = calls;
    this.copies = copies;
    this.cpu = cpu;
    this.int8 = new Int8LinearKernels(calls);
    this.elements = new ElementwiseKernels(calls);
    this.bits = cpu.bytes() ? ByteRange.EIGHT : ByteRange.SEVEN;
  }

  /**
   * The packed weight, or null if no fast kernel for this type is available or plain memory is
   * faster: without AVX-512, single rows of float32 are multiplied a tenth faster with it.
   */
  @Nullable
  public PackedWeight pack(RawTensor weight, Precision precision, PackedWeight.Use use) {
    if (precision == Precision.FLOAT32 && use == PackedWeight.Use.DECODE && !cpu.wide()) {
      return null;
    }
    Size size = new Size(weight.dim(0), weight.dim(1), precision);
    Optional<WeightLayout> stored = stores.computeIfAbsent(size, this::choose);
    return stored.map(how -> PackedMatrix.of(calls, cpu, copies, weight, how)).orElse(null);
  }

  private Optional<WeightLayout> choose(Size size) {
    Optional<WeightLayout> stored = Optional.ofNullable(fastest(size));
    if (told.add(size.precision)) {
      tell(size.precision, stored);
    }
    return stored;
  }

  private void tell(Precision precision, Optional<WeightLayout> stored) {
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
   * The fastest layout. Inputs are rounded if that makes a product faster: to bfloat16 if the CPU
   * multiplies it, to bytes for int8 weights. Otherwise weights are widened within the product, and
   * the input is not rounded.
   */
  private @Nullable WeightLayout fastest(Size size) {
    return switch (size.precision) {
      case FLOAT32 -> cpu.wide() ? product(size, Reads.FLOAT32) : convolution(size, Reads.FLOAT32);
      case BFLOAT16 -> {
        WeightLayout stored = product(size, cpu.bfloat16() ? Reads.BFLOAT16 : Reads.FLOAT32);
        // Without AVX-512 it needs a multiple of eight outputs, which BERT's vocabulary is not.
        yield stored != null
            ? stored
            : fastest(new Size(size.outputs, size.inputs, Precision.FLOAT32));
      }
      case INT8 -> {
        if (!cpu.bytes()) {
          yield convolution(size, Reads.BYTES);
        }
        memory.desc layout = Int8LinearKernels.layout(calls.engine(), size.outputs, size.inputs);
        yield stored(size, Kernel.PRODUCT, layout, Reads.BYTES);
      }
    };
  }

  private static @Nullable WeightLayout stored(
      Size size, Kernel kernel, memory.@Nullable desc layout, Reads reads) {
    return layout == null
        ? null
        : WeightLayout.of(size.precision, kernel, layout, reads, size.inputs);
  }

  private @Nullable WeightLayout convolution(Size size, Reads reads) {
    memory.desc layout =
        Pointwise.layout(calls.engine(), size.precision, size.outputs, size.inputs);
    return stored(size, Kernel.CONVOLUTION, layout, reads);
  }

  private @Nullable WeightLayout product(Size size, Reads reads) {
    boolean narrow = reads == Reads.BFLOAT16;
    memory.data_type input = narrow ? memory.data_type.bf16 : memory.data_type.f32;
    long[] dims = {size.inputs, size.outputs};
    var pd =
        new matmul.primitive_desc(
            calls.engine(),
            Layout.dense(input, WeightLayout.TYPICAL_ROWS, size.inputs).desc(),
            new memory.desc(dims, WeightLayout.type(size.precision), memory.format_tag.any),
            Layout.matrix(WeightLayout.TYPICAL_ROWS, size.outputs).desc(),
            PrimitiveCache.attributes(),
            true);
    boolean fast = pd.get(true) != null && !pd.impl_info_str().getString().startsWith("ref");
    return stored(size, Kernel.PRODUCT, fast ? pd.weights_desc() : null, reads);
  }

  /** Whether a kernel supports the stored form of a weight. */
  public static boolean fits(RawTensor weight) {
    boolean stored = weight.dtype() == DType.FLOAT32 || weight.dtype() == DType.BFLOAT16;
    return stored && (weight.packing() == null || weight.packing() instanceof PackedMatrix);
  }

  /** See {@code Kernels.linears}; all operands but the weights are dense. */
  public void run(RawTensor x, List<Affine> maps, List<? extends RawTensor> outs) {
    try (Workspace workspace = Workspace.open()) {
      LinearInput input = new LinearInput(calls, copies, x, x.dim(-1), bits);
      if (maps.stream().allMatch(map -> isBytes(map.weight()))) {
        int8.run(input.bytes(), maps, outs);
        return;
      }
      for (int i = 0; i < maps.size(); i++) {
        Affine map = maps.get(i);
        run(input, map.weight(), map.bias(), map.activation(), null, outs.get(i));
      }
    }
  }

  /** See {@code Kernels.linear}; all operands but the weight are dense. */
  public void run(
      RawTensor x,
      RawTensor weight,
      @Nullable RawTensor bias,
      Activation activation,
      @Nullable RawTensor residual,
      RawTensor out) {
    try (Workspace workspace = Workspace.open()) {
      LinearInput input = new LinearInput(calls, copies, x, x.dim(-1), bits);
      run(input, weight, bias, activation, residual, out);
    }
  }

  private void run(
      LinearInput input,
      RawTensor weight,
      @Nullable RawTensor bias,
      Activation activation,
      @Nullable RawTensor residual,
      RawTensor out) {
    if (isBytes(weight)) {
      int8.run(input.bytes(), new Affine(weight, bias, activation), residual, out);
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
    RawTensor x = narrow ? input.narrow() : input.exact();
    try (Workspace workspace = Workspace.open()) {
      Matrix matrix = matrix(weight, M);
      Layout in = Layout.dense(Layout.type(x.dtype()), M, K);
      Layout result = Layout.dense(Layout.type(out.dtype()), M, N);
      PrimitiveKey key =
          PrimitiveKey.of("linear", in, Layout.dense(matrix.type, K, N), result)
              .with(
                  matrix.packed ? 1 : 0,
                  bias == null ? 0 : 1,
                  Algorithms.number(activation),
                  how.number);
      RawTensor apart = how == Residual.APART ? residual : null;
      calls.run(
          key,
          here -> product(here, in, matrix, result, bias, activation, how),
          operands(x, matrix, bias, apart, out));
    }
  }

  private static boolean isBytes(RawTensor weight) {
    return weight.packing() instanceof PackedMatrix packed && packed.reads() == Reads.BYTES;
  }

  /**
   * Whether a separate pass for the activation is cheaper: without AVX-512 GELU takes a quarter of
   * a product.
   */
  private boolean isDear(Activation activation, @Nullable PackedMatrix packed, long M) {
    boolean product = packed == null || packed.kernel() == Kernel.PRODUCT;
    return activation == Activation.GELU && product && !cpu.wide() && M >= MANY_ROWS;
  }

  private void gemm(RawTensor x, RawTensor weight, @Nullable RawTensor bias, RawTensor out) {
    long K = weight.dim(1);
    long N = weight.dim(0);
    long M = x.size() / K;
    var input = new Place(Layout.matrix(M, K), x.address());
    var matrix = new Place(Layout.matrix(N, K).transpose(), weight.address());
    var result = new Place(Layout.matrix(M, N), out.address());
    if (bias == null) {
      Gemm.run(input, matrix, result);
      return;
    }
    Layout repeated = Layout.of(memory.data_type.f32, new long[] {M, N}, new long[] {0, 1});
    calls.run(
        PrimitiveKey.of("copy", repeated, result.layout()),
        here -> CopyKernels.reorder(here, repeated.desc(), result.layout().desc()),
        bias.address(),
        out.address());
    Gemm.add(input, matrix, result);
  }

  /**
   * A weight as a product's operand; type, size and packing decide its layout.
   *
   * @param kernel the kind of kernel
   */
  private record Matrix(
      Kernel kernel,
      memory.data_type type,
      boolean packed,
      Supplier<memory.desc> layout,
      long address) {}

  private Matrix matrix(RawTensor weight, long M) {
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
      Optional<WeightLayout> wide = stores.computeIfAbsent(size, this::choose);
      if (wide.isPresent()) {
        return widened(weight, packed, wide.get().description());
      }
    }
    memory.data_type type = WeightLayout.type(packed.precision());
    return new Matrix(packed.kernel(), type, true, packed::description, packed.address());
  }

  /**
   * A weight that is widened once for all rows; the product would widen it for every block of rows.
   */
  private Matrix widened(RawTensor weight, PackedMatrix packed, memory.desc wide) {
    long numbers = wide.get_size() / Float.BYTES;
    RawTensor copy = PlainTensor.uninitialized(weight, "linear", DType.FLOAT32, Shape.of(numbers));
    long N = packed.shape().dim(0);
    long K = packed.shape().dim(1);
    calls.run(
        PrimitiveKey.of("widen", Layout.dense(memory.data_type.bf16, K, N)),
        here -> CopyKernels.reorder(here, packed.description(), wide),
        packed.address(),
        copy.address());
    memory.data_type type = memory.data_type.f32;
    return new Matrix(Kernel.PRODUCT, type, true, () -> wide, copy.address());
  }

  private static long[] operands(
      RawTensor x,
      Matrix matrix,
      @Nullable RawTensor bias,
      @Nullable RawTensor apart,
      RawTensor out) {
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

  private Primitive product(
      PrimitiveCache here,
      Layout input,
      Matrix matrix,
      Layout result,
      @Nullable RawTensor bias,
      Activation activation,
      Residual residual) {
    var size = new Pointwise.Size(result.dim(0), result.dim(1), input.dim(1));
    boolean convolves = matrix.kernel == Kernel.CONVOLUTION;
    memory.desc out =
        convolves ? Pointwise.rows(memory.data_type.f32, size.M(), size.N()) : result.desc();
    post_ops after = new post_ops();
    Algorithms.append(after, activation);
    if (residual == Residual.IN_PLACE) {
      after.append_sum();
    } else if (residual == Residual.APART) {
      after.append_binary(algorithm.binary_add, out);
    }
    Primitive call = null;
    if (convolves) {
      call = Pointwise.call(here, matrix.layout.get(), size, bias != null, after);
    } else if (!cpu.wide() && isSingle(input, matrix, result)) {
      call = SingleRow.call(here, size.N(), size.K(), bias != null, after);
    }
    if (call == null) {
      call = product(here, input.desc(), matrix, out, bias != null, after);
    }
    if (residual == Residual.APART) {
      call.operand(Algorithms.afterOperand(activation == Activation.IDENTITY ? 0 : 1), out);
    }
    return call;
  }

  private static boolean isSingle(Layout input, Matrix matrix, Layout result) {
    return input.equals(Layout.matrix(1, input.dim(1)))
        && result.equals(Layout.matrix(1, result.dim(1)))
        && matrix.type == memory.data_type.f32
        && !matrix.packed;
  }

  private static Primitive product(
      PrimitiveCache here,
      memory.desc input,
      Matrix matrix,
      memory.desc out,
      boolean biased,
      post_ops after) {
    long N = out.get_dims().get(1);
    memory.desc weight = matrix.layout.get();
    memory.desc row = Layout.matrix(1, N).desc();
    primitive_attr attributes = PrimitiveCache.attributes(after);
    var pd =
        biased
            ? new matmul.primitive_desc(here.engine(), input, weight, row, out, attributes, false)
            : new matmul.primitive_desc(here.engine(), input, weight, out, attributes, false);
    Primitive call =
        new Primitive(here, new matmul(pd), pd)
            .operand(dnnl.DNNL_ARG_SRC, input)
            .operand(dnnl.DNNL_ARG_WEIGHTS, weight)
            .operand(dnnl.DNNL_ARG_DST, out);
    return biased ? call.operand(dnnl.DNNL_ARG_BIAS, row) : call;
  }
}
