package io.github.blip2j.tensor;

import io.github.blip2j.backend.PackedWeight;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;

/** Operations by index: embedding lookup and cross-entropy. */
final class LookupOps {
  private LookupOps() {}

  /** Rows of a table. The gradient of a row sums those of its uses. */
  static Tensor gather(Tensor table, Tensor ids) {
    if (!table.dtype().isFloating()) {
      throw new IllegalArgumentException(
          "gather: table expected a floating type, got " + table.dtype());
    }
    if (table.rank() > 2) {
      return gatherBlocks(table, ids);
    }
    table.shape().require("gather", "table", Shape.ANY, Shape.ANY);
    Operands.require("gather", table, "ids", ids);
    requireWithin("gather", ids, 0, table.dim(0));
    long[] dims = Arrays.copyOf(ids.shape().toArray(), ids.rank() + 1);
    dims[ids.rank()] = table.dim(1);
    // A table stored in a narrow type is widened row by row, for nothing else computes in it.
    DType type = table.dtype() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    Tensor rows = ShapeOps.dense(ids);
    Tensor out = table.result("gather", type, Shape.of(dims));
    PackedWeight packing = table.packing();
    if (packing != null) {
      unpackRows(packing, HostData.ids(rows), out);
    } else if (out.size() > 0) {
      table.kernels().gather(ShapeOps.dense(table), rows, out);
    }
    return Op.of("gather", out).wrt(table, g -> scattered(g, table, rows)).tensor();
  }

  /** Gathers rows of any rank, by way of flat rows. */
  private static Tensor gatherBlocks(Tensor table, Tensor ids) {
    long[] block = Arrays.copyOfRange(table.shape().toArray(), 1, table.rank());
    long width = Arrays.stream(block).reduce(1, Math::multiplyExact);
    long[] dims = Arrays.copyOf(ids.shape().toArray(), ids.rank() + block.length);
    System.arraycopy(block, 0, dims, ids.rank(), block.length);
    return gather(table.reshape(table.dim(0), width), ids).reshape(dims);
  }

  /** Unpacks rows of a packed table; a language model looks up one row or a few. */
  private static void unpackRows(PackedWeight packing, long[] ids, Tensor out) {
    Tensor flat = out.reshape(ids.length, packing.shape().dim(1));
    for (int i = 0; i < ids.length; i++) {
      packing.unpack(ids[i], flat.narrow(0, i, 1));
    }
  }

  private static Tensor scattered(Tensor g, Tensor table, Tensor ids) {
    Tensor dtable = g.filled(0, g.dtype(), table.shape().toArray());
    if (g.size() > 0) {
      dtable.kernels().scatterAdd(dtable, ids, ShapeOps.dense(g));
    }
    return dtable;
  }

  /** Loss per row. dx = g (softmax(x) - smoothed target), 0 where the label is negative. */
  static Tensor crossEntropy(Tensor logits, Tensor labels, double smoothing) {
    ElementOps.requireFloating("crossEntropy", logits);
    logits.shape().require("crossEntropy", "logits", Shape.ANY, Shape.ANY);
    labels.shape().require("crossEntropy", "labels", logits.dim(0));
    Operands.require("crossEntropy", logits, "labels", labels);
    requireWithin("crossEntropy", labels, Long.MIN_VALUE, logits.dim(1));
    Tensor input = ShapeOps.dense(logits).detach();
    Tensor out = logits.result("crossEntropy", logits.dtype(), Shape.of(logits.dim(0)));
    Tensor classes = ShapeOps.dense(labels);
    if (out.size() > 0) {
      logits.kernels().crossEntropy(input, classes, smoothing, out);
    }
    return Op.of("crossEntropy", out)
        .wrt(logits, g -> lossGradient(input, classes, smoothing, g))
        .tensor();
  }

  private static Tensor lossGradient(Tensor logits, Tensor labels, double smoothing, Tensor g) {
    Tensor dx = logits.result("crossEntropy", logits.dtype(), logits.shape());
    if (dx.size() > 0) {
      logits.kernels().crossEntropyGradient(logits, labels, smoothing, ShapeOps.dense(g), dx);
    }
    return dx;
  }

  private static void requireWithin(String where, Tensor ids, long from, long to) {
    if (ids.dtype() != DType.INT64) {
      throw new IllegalArgumentException(where + ": ids expected INT64, got " + ids.dtype());
    }
    for (long id : HostData.ids(ids)) {
      if (id < from || id >= to) {
        String range = from < 0 ? "below " + to : "from " + from + " to " + (to - 1);
        throw new IllegalArgumentException(where + ": ids expected " + range + ", got " + id);
      }
    }
  }
}
