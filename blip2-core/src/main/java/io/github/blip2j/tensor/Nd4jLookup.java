package io.github.blip2j.tensor;

import static io.github.blip2j.tensor.Nd4jKernels.like;

/** Embedding rows and the loss of labels. Both read a few places of large arrays, row by row. */
final class Nd4jLookup {
  private Nd4jLookup() {}

  static void gather(Nd4jKernels kernels, Tensor table, Tensor ids, Tensor out) {
    long width = table.dim(1);
    long[] rows = ids.toLongs();
    for (int i = 0; i < rows.length; i++) {
      kernels.copy(row(table, rows[i], width), row(out, i, width));
    }
  }

  static void scatterAdd(Tensor table, Tensor ids, Tensor g) {
    long width = table.dim(1);
    long[] rows = ids.toLongs();
    for (int i = 0; i < rows.length; i++) {
      Tensor target = row(table, rows[i], width);
      Nd4jKernels.run("add", target, target, row(g, i, width));
    }
  }

  static void crossEntropy(
      Nd4jKernels kernels, Tensor logits, Tensor labels, double smoothing, Tensor out) {
    try (Scope scope = Scope.open()) {
      Tensor logP = like(logits);
      kernels.logSoftmax(logits, logP);
      Tensor total = Nd4jKernels.column(logits);
      kernels.sum(logP, false, total);
      kernels.affine(total, -smoothing / logits.dim(1), 0, out);
      long[] classes = labels.toLongs();
      for (int i = 0; i < classes.length; i++) {
        Tensor loss = cell(out, i);
        if (classes[i] < 0) {
          kernels.fill(loss, 0);
        } else {
          double likelihood = cell(logP, i * logits.dim(1) + classes[i]).item();
          kernels.affine(loss, 1, (smoothing - 1) * likelihood, loss);
        }
      }
    }
  }

  static void crossEntropyGradient(
      Nd4jKernels kernels, Tensor logits, Tensor labels, double smoothing, Tensor g, Tensor dx) {
    kernels.softmax(logits, dx);
    long width = logits.dim(1);
    kernels.affine(dx, 1, -smoothing / width, dx);
    long[] classes = labels.toLongs();
    double[] scale = g.toDoubles();
    for (int i = 0; i < classes.length; i++) {
      Tensor row = row(dx, i, width);
      if (classes[i] < 0) {
        kernels.fill(row, 0);
      } else {
        Tensor target = cell(dx, i * width + classes[i]);
        kernels.affine(target, 1, smoothing - 1, target);
        kernels.affine(row, scale[i], 0, row);
      }
    }
  }

  private static Tensor row(Tensor x, long row, long width) {
    return x.view(row * width, Shape.of(width), new long[] {1});
  }

  private static Tensor cell(Tensor x, long index) {
    return x.view(index, Shape.of(1), new long[] {1});
  }
}
