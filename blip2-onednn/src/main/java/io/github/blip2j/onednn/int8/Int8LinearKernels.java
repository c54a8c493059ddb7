package io.github.blip2j.onednn.int8;

import io.github.blip2j.backend.Affine;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.onednn.packed.PackedMatrix;
import io.github.blip2j.onednn.packed.Pointwise;
import io.github.blip2j.onednn.packed.Pointwise.Size;
import io.github.blip2j.onednn.packed.WeightLayout;
import io.github.blip2j.onednn.primitive.Algorithms;
import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.Primitive;
import io.github.blip2j.onednn.primitive.PrimitiveCache;
import io.github.blip2j.onednn.primitive.PrimitiveKey;
import io.github.blip2j.onednn.primitive.PrimitivePool;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.jspecify.annotations.Nullable;

/**
 * Linear maps over int8 weights: each row of the input is rounded to bytes with its own scale, the
 * product is exact in integers, and both scales multiply the result.
 *
 * <p>Transformers have rows in which a few numbers are a hundred times the others (Dettmers et al.
 * 2022, section 3); seven bits would leave nothing of the rest. Such rows are represented as a sum
 * of two rows of bytes: see {@link QuantizedActivations}.
 */
public final class Int8LinearKernels {
  private static final int OUTPUT_AXIS = 1 << 2;
  // Beyond, the passes after a product keep all threads busy, and need its result in the cache.
  private static final long FEW_ROWS = 128; // of bytes

  private final PrimitivePool calls;

  public Int8LinearKernels(PrimitivePool calls) {
    this.calls = calls;
  }

  /** The weight layout for products of this size, or null if none of them is fast here. */
  public static memory.@Nullable desc layout(engine cpu, long N, long K) {
    memory.desc any =
        new memory.desc(new long[] {1, K, N}, memory.data_type.s8, memory.format_tag.any);
    Size size = new Size(WeightLayout.TYPICAL_ROWS, N, K);
    var pd = description(cpu, any, size, After.NOTHING, true);
    boolean fast = pd.get(true) != null && !pd.impl_info_str().getString().startsWith("ref");
    return fast ? pd.weights_desc() : null;
  }

  /** A float32 descriptor with a leading axis of length 1: kernels scale rows in rank 3 only. */
  private static memory.desc cube(long rows, long columns) {
    return Layout.dense(memory.data_type.f32, 1, rows, columns).desc();
  }

  private static memory.desc input(Size size) {
    return Layout.dense(memory.data_type.s8, 1, size.M(), size.K()).desc();
  }

  private static matmul.primitive_desc description(
      engine cpu, memory.desc weight, Size size, After after, boolean allowNone) {
    memory.desc out = cube(size.M(), size.N());
    post_ops then = new post_ops();
    then.append_binary(algorithm.binary_mul, cube(size.M(), 1));
    after.append(then, cube(1, size.N()), out);
    primitive_attr attributes = PrimitiveCache.attributes(then);
    attributes.set_scales_mask(dnnl.DNNL_ARG_WEIGHTS, OUTPUT_AXIS);
    memory.desc in = input(size);
    return new matmul.primitive_desc(cpu, in, weight, out, attributes, allowNone);
  }

  /** Applies each map to the rows. */
  public void run(QuantizedActivations rows, List<Affine> maps, List<? extends RawTensor> outs) {
    List<Task> tasks = new ArrayList<>();
    for (int i = 0; i < maps.size(); i++) {
      tasks.add(Task.of(maps.get(i), null, outs.get(i)));
    }
    if (rows.count() <= FEW_ROWS) {
      run(rows, tasks);
    } else {
      tasks.forEach(task -> run(rows, List.of(task)));
    }
  }

  /** Applies one map to the rows and adds {@code residual}. */
  public void run(
      QuantizedActivations rows, Affine map, @Nullable RawTensor residual, RawTensor out) {
    run(rows, List.of(Task.of(map, residual, out)));
  }

  private void run(QuantizedActivations rows, List<Task> tasks) {
    try (Workspace workspace = Workspace.open()) {
      // All products first: the passes after them are small, and other threads would fall asleep.
      List<@Nullable RawTensor> parts = new ArrayList<>();
      for (Task task : tasks) {
        parts.add(multiply(rows, task));
      }
      for (int i = 0; i < tasks.size(); i++) {
        RawTensor part = parts.get(i);
        if (part != null) {
          finish(part, rows, tasks.get(i));
        }
      }
    }
  }

  /** One map and its result. */
  private record Task(PackedMatrix weight, After after, RawTensor out) {
    static Task of(Affine map, @Nullable RawTensor residual, RawTensor out) {
      var weight = (PackedMatrix) Objects.requireNonNull(map.weight().packing());
      return new Task(weight, new After(map.bias(), map.activation(), residual), out);
    }

    boolean scalesRows() {
      return weight.kernel() == WeightLayout.Kernel.PRODUCT;
    }
  }

  /**
   * Multiplies; returns an intermediate result to be finished, [rows of bytes, N], or null if the
   * result is complete.
   */
  private @Nullable RawTensor multiply(QuantizedActivations rows, Task task) {
    PackedMatrix weight = task.weight;
    if (task.scalesRows() && rows.terms() == 1 && task.after.bias == null) {
      product(rows, weight, task.after, task.out.address());
      return null;
    }
    // No kernel both scales rows and adds a bias, so a second kernel follows.
    Shape shape = Shape.of(rows.count(), weight.shape().dim(0));
    RawTensor parts = PlainTensor.uninitialized(task.out, "linear", DType.FLOAT32, shape);
    if (task.scalesRows()) {
      product(rows, weight, After.NOTHING, parts.address());
    } else {
      convolution(rows, weight, parts.address());
    }
    return parts;
  }

  private void finish(RawTensor parts, QuantizedActivations rows, Task task) {
    if (!task.scalesRows() && rows.terms() == 1) {
      scale(parts, rows, task.after, task.out);
      return;
    }
    if (!task.scalesRows()) {
      scale(parts, rows, After.NOTHING, parts);
    }
    add(parts, rows.terms(), task.after, task.out);
  }

  /**
   * Adds the products of the second terms, if there are any, to those of the first, and applies
   * {@code after}.
   */
  private void add(RawTensor parts, int terms, After after, RawTensor out) {
    Layout matrix = Layout.rows(out);
    if (terms == 2) {
      long second = parts.address() + matrix.size() * Float.BYTES;
      join(algorithm.binary_add, parts.address(), second, matrix, after, out);
    } else if (after.bias != null) {
      Layout row = Layout.matrix(1, matrix.dim(1));
      After rest = new After(null, after.activation, after.residual);
      join(algorithm.binary_add, parts.address(), after.bias.address(), row, rest, out);
    }
  }

  /** The operations after a product: bias, activation, residual. */
  private record After(
      @Nullable RawTensor bias, Activation activation, @Nullable RawTensor residual) {
    static final After NOTHING = new After(null, Activation.IDENTITY, null);

    void append(post_ops after, memory.desc row, memory.desc all) {
      if (bias != null) {
        after.append_binary(algorithm.binary_add, row);
      }
      Algorithms.append(after, activation);
      if (residual != null) {
        after.append_binary(algorithm.binary_add, all);
      }
    }

    /** Declares the operands of the post-operations from {@code place} on. */
    void operands(Primitive call, int place, memory.desc row, memory.desc all) {
      int next = place;
      if (bias != null) {
        call.operand(Algorithms.afterOperand(next++), row);
      }
      next += activation == Activation.IDENTITY ? 0 : 1;
      if (residual != null) {
        call.operand(Algorithms.afterOperand(next), all);
      }
    }

    long[] numbers(long M, long N) {
      return new long[] {
        M, N, bias == null ? 0 : 1, Algorithms.number(activation), residual == null ? 0 : 1
      };
    }

    long[] addresses(long... first) {
      int count = first.length + (bias == null ? 0 : 1) + (residual == null ? 0 : 1);
      long[] all = Arrays.copyOf(first, count);
      int i = first.length;
      if (bias != null) {
        all[i++] = bias.address();
      }
      if (residual != null) {
        all[i] = residual.address();
      }
      return all;
    }
  }

  private void product(QuantizedActivations rows, PackedMatrix weight, After after, long out) {
    Size size = new Size(rows.count(), weight.shape().dim(0), weight.shape().dim(1));
    Layout in = Layout.dense(memory.data_type.s8, 1, size.M(), size.K());
    Layout matrix = Layout.dense(memory.data_type.s8, size.K(), size.N());
    calls.run(
        PrimitiveKey.of("int8", in, matrix).with(after.numbers(size.M(), size.N())),
        here -> product(here, weight, size, after),
        after.addresses(
            rows.bytes().address(),
            weight.address(),
            out,
            weight.scales(),
            rows.scales().address()));
  }

  private static Primitive product(
      PrimitiveCache here, PackedMatrix weight, Size size, After after) {
    var pd = description(here.engine(), weight.description(), size, after, false);
    memory.desc out = cube(size.M(), size.N());
    Primitive call =
        new Primitive(here, new matmul(pd), pd)
            .operand(dnnl.DNNL_ARG_SRC, input(size))
            .operand(dnnl.DNNL_ARG_WEIGHTS, weight.description())
            .operand(dnnl.DNNL_ARG_DST, out)
            .operand(
                dnnl.DNNL_ARG_ATTR_SCALES | dnnl.DNNL_ARG_WEIGHTS,
                Layout.dense(memory.data_type.f32, size.N()).desc())
            .operand(Algorithms.afterOperand(0), cube(size.M(), 1));
    after.operands(call, 1, cube(1, size.N()), out);
    return call;
  }

  /** Multiplies rows of bytes by the weight and its scales; convolutions do not scale rows. */
  private void convolution(QuantizedActivations rows, PackedMatrix weight, long out) {
    Size size = new Size(rows.count(), weight.shape().dim(0), weight.shape().dim(1));
    Layout in = Layout.dense(memory.data_type.u8, size.M(), size.K());
    Layout matrix = Layout.dense(memory.data_type.s8, size.N(), size.K());
    calls.run(
        PrimitiveKey.of("int8 convolution", in, matrix),
        here -> Pointwise.call(here, weight.description(), size, false, new post_ops()),
        rows.bytes().address(),
        weight.address(),
        out,
        weight.scales(),
        Pointwise.zero());
  }

  private void scale(RawTensor parts, QuantizedActivations rows, After after, RawTensor out) {
    Layout column = Layout.matrix(rows.count(), 1);
    long factors = rows.scales().address();
    join(algorithm.binary_mul, parts.address(), factors, column, after, out);
  }

  /**
   * out = f(first + second + bias) + residual, or with a product instead of the first sum; second
   * is a matrix, or one row or column that broadcasts.
   */
  private void join(
      algorithm operation,
      long first,
      long second,
      Layout secondLayout,
      After after,
      RawTensor out) {
    long N = out.dim(-1);
    long M = out.size() / N;
    String name = operation == algorithm.binary_add ? "int8 sum" : "int8 scales";
    calls.run(
        PrimitiveKey.of(name, Layout.matrix(M, N), secondLayout).with(after.numbers(M, N)),
        here -> joint(here, operation, M, N, secondLayout.desc(), after),
        after.addresses(first, second, out.address()));
  }

  private static Primitive joint(
      PrimitiveCache here, algorithm operation, long M, long N, memory.desc second, After after) {
    memory.desc matrix = Layout.matrix(M, N).desc();
    memory.desc row = Layout.matrix(1, N).desc();
    post_ops then = new post_ops();
    after.append(then, row, matrix);
    var pd =
        new binary.primitive_desc(
            here.engine(),
            operation,
            matrix,
            second,
            matrix,
            PrimitiveCache.attributes(then),
            false);
    Primitive call =
        new Primitive(here, new binary(pd), pd)
            .operand(dnnl.DNNL_ARG_SRC_0, matrix)
            .operand(dnnl.DNNL_ARG_SRC_1, second)
            .operand(dnnl.DNNL_ARG_DST, matrix);
    after.operands(call, 0, row, matrix);
    return call;
  }
}
