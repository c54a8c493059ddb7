package io.github.blip2j.onednn;

import io.github.blip2j.backend.HostMemory;
import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.onednn.primitive.CopyKernels;
import io.github.blip2j.onednn.primitive.ElementwiseKernels;
import io.github.blip2j.onednn.primitive.Memory;
import io.github.blip2j.onednn.primitive.NormKernels;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.nio.FloatBuffer;
import org.bytedeco.dnnl.global.dnnl.algorithm;

/** Embedding lookup and cross-entropy. */
final class EmbeddingKernels {
  private final NormKernels norms;
  private final ElementwiseKernels elements;
  private final CopyKernels copies;
  private final ReductionKernels sums;

  EmbeddingKernels(
      NormKernels norms, ElementwiseKernels elements, CopyKernels copies, ReductionKernels sums) {
    this.norms = norms;
    this.elements = elements;
    this.copies = copies;
    this.sums = sums;
  }

  void gather(RawTensor table, RawTensor ids, RawTensor out) {
    long width = table.dim(1);
    long[] rows = HostMemory.longs(ids);
    if (table.dtype() == out.dtype()) {
      long bytes = width * table.dtype().byteSize();
      for (int i = 0; i < rows.length; i++) {
        Memory.copy(table.address() + rows[i] * bytes, out.address() + i * bytes, bytes);
      }
      return;
    }
    RawTensor flat = PlainTensor.reshaped(out, rows.length, width);
    for (int i = 0; i < rows.length; i++) {
      copies.copy(PlainTensor.row(table, rows[i]), PlainTensor.row(flat, i));
    }
  }

  void crossEntropy(RawTensor logits, RawTensor labels, double smoothing, RawTensor out) {
    long M = logits.dim(0);
    long V = logits.dim(1);
    long[] classes = HostMemory.longs(labels);
    try (Workspace workspace = Workspace.open()) {
      RawTensor logs =
          PlainTensor.uninitialized(logits, "crossEntropy", DType.FLOAT32, logits.shape());
      norms.logSoftmax(logits, logs);
      float[] means = smoothing == 0 ? new float[classes.length] : means(logs);
      Memory at = Memory.at(logs.address(), M * V * Float.BYTES);
      float[] losses = new float[classes.length];
      for (int m = 0; m < losses.length; m++) {
        if (classes[m] >= 0) {
          float log = at.getFloat((m * V + classes[m]) * Float.BYTES);
          losses[m] = (float) (-(1 - smoothing) * log - smoothing * means[m]);
        }
      }
      Memory.bytes(out.address(), M * Float.BYTES).asFloatBuffer().put(losses);
    }
  }

  /** The mean of each row. */
  private float[] means(RawTensor rows) {
    RawTensor sum = PlainTensor.uninitialized(rows, "sum", DType.FLOAT32, Shape.of(rows.dim(0)));
    sums.run(rows, false, sum);
    float[] means = HostMemory.floats(sum);
    float share = (float) (1.0 / rows.dim(1));
    for (int i = 0; i < means.length; i++) {
      means[i] *= share;
    }
    return means;
  }

  /** dx = g (softmax(x) - smoothed target), in one pass over the softmax. */
  void crossEntropyGradient(
      RawTensor logits, RawTensor labels, double smoothing, RawTensor g, RawTensor dlogits) {
    long M = logits.dim(0);
    long V = logits.dim(1);
    long[] classes = HostMemory.longs(labels);
    norms.softmax(logits, dlogits);
    if (smoothing != 0) {
      float everywhere = (float) (-smoothing / V);
      elements.function(algorithm.eltwise_linear, 1, everywhere, dlogits, dlogits);
    }
    Memory at = Memory.at(dlogits.address(), M * V * Float.BYTES);
    for (int m = 0; m < classes.length; m++) {
      if (classes[m] >= 0) {
        long place = (m * V + classes[m]) * Float.BYTES;
        at.putFloat(place, (float) (at.getFloat(place) - (1 - smoothing)));
      }
    }
    try (Workspace workspace = Workspace.open()) {
      RawTensor scale = PlainTensor.uninitialized(g, "crossEntropy", DType.FLOAT32, Shape.of(M, 1));
      FloatBuffer each = Memory.bytes(scale.address(), M * Float.BYTES).asFloatBuffer();
      float[] given = HostMemory.floats(g);
      for (int m = 0; m < classes.length; m++) {
        each.put(m, classes[m] < 0 ? 0 : given[m]);
      }
      elements.binary(algorithm.binary_mul, dlogits, scale, dlogits);
    }
  }
}
