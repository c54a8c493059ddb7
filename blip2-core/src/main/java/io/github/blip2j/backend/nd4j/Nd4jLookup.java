package io.github.blip2j.backend.nd4j;

import static io.github.blip2j.backend.nd4j.Nd4jKernels.like;

import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;

/** Embedding lookup and cross-entropy. Both read a few positions of large arrays, row by row. */
final class Nd4jLookup {
  private Nd4jLookup() {}

  static void gather(Nd4jKernels kernels, RawTensor table, RawTensor ids, RawTensor out) {
    long width = table.dim(1);
    long[] rows = HostMemory.longs(ids);
    for (int i = 0; i < rows.length; i++) {
      kernels.copy(row(table, rows[i], width), row(out, i, width));
    }
  }

  static void scatterAdd(RawTensor table, RawTensor ids, RawTensor g) {
    long width = table.dim(1);
    long[] rows = HostMemory.longs(ids);
    if (table.dtype() == DType.FLOAT32) { // a call of ND4J takes longer than adding a row
      FloatLoops.addRows(table, rows, g);
      return;
    }
    for (int i = 0; i < rows.length; i++) {
      RawTensor target = row(table, rows[i], width);
      Nd4jKernels.run("add", target, target, row(g, i, width));
    }
  }

  static void crossEntropy(
      Nd4jKernels kernels, RawTensor logits, RawTensor labels, double smoothing, RawTensor out) {
    try (Workspace workspace = Workspace.open()) {
      RawTensor logP = like(logits);
      kernels.logSoftmax(logits, logP);
      RawTensor total = Nd4jKernels.column(logits);
      kernels.sum(logP, false, total);
      kernels.affine(total, -smoothing / logits.dim(1), 0, out);
      long[] classes = HostMemory.longs(labels);
      for (int i = 0; i < classes.length; i++) {
        RawTensor loss = cell(out, i);
        if (classes[i] < 0) {
          kernels.fill(loss, 0);
        } else {
          double likelihood = HostMemory.doubles(cell(logP, i * logits.dim(1) + classes[i]))[0];
          kernels.affine(loss, 1, (smoothing - 1) * likelihood, loss);
        }
      }
    }
  }

  static void crossEntropyGradient(
      Nd4jKernels kernels,
      RawTensor logits,
      RawTensor labels,
      double smoothing,
      RawTensor g,
      RawTensor dx) {
    kernels.softmax(logits, dx);
    long width = logits.dim(1);
    kernels.affine(dx, 1, -smoothing / width, dx);
    long[] classes = HostMemory.longs(labels);
    double[] scale = HostMemory.doubles(g);
    for (int i = 0; i < classes.length; i++) {
      RawTensor row = row(dx, i, width);
      if (classes[i] < 0) {
        kernels.fill(row, 0);
      } else {
        RawTensor target = cell(dx, i * width + classes[i]);
        kernels.affine(target, 1, smoothing - 1, target);
        kernels.affine(row, scale[i], 0, row);
      }
    }
  }

  private static RawTensor row(RawTensor x, long row, long width) {
    return PlainTensor.view(x, row * width, Shape.of(width), new long[] {1});
  }

  private static RawTensor cell(RawTensor x, long index) {
    return PlainTensor.view(x, index, Shape.of(1), new long[] {1});
  }
}
