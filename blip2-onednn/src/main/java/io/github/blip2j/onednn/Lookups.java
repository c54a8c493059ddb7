package io.github.blip2j.onednn;

import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Shape;
import io.github.blip2j.tensor.Tensor;
import java.nio.FloatBuffer;
import org.bytedeco.dnnl.global.dnnl.algorithm;

/** Rows of tables, and the loss of labels. */
final class Lookups {
  private final Norms norms;
  private final Elements elements;
  private final Copies copies;

  Lookups(Norms norms, Elements elements, Copies copies) {
    this.norms = norms;
    this.elements = elements;
    this.copies = copies;
  }

  void gather(Tensor table, Tensor ids, Tensor out) {
    long width = table.dim(1);
    long[] rows = ids.toLongs();
    if (table.dtype() == out.dtype()) {
      long bytes = width * table.dtype().byteSize();
      for (int i = 0; i < rows.length; i++) {
        Memory.copy(table.address() + rows[i] * bytes, out.address() + i * bytes, bytes);
      }
      return;
    }
    Tensor flat = out.reshape(rows.length, width);
    for (int i = 0; i < rows.length; i++) {
      copies.copy(table.select(0, rows[i]), flat.select(0, i));
    }
  }

  void crossEntropy(Tensor logits, Tensor labels, double smoothing, Tensor out) {
    long M = logits.dim(0);
    long V = logits.dim(1);
    long[] classes = labels.toLongs();
    try (Scope scope = Scope.open()) {
      Tensor logs = Tensor.uninitialized("crossEntropy", DType.FLOAT32, logits.shape());
      norms.logSoftmax(logits, logs);
      float[] means = smoothing == 0 ? new float[classes.length] : logs.mean(1).toFloats();
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

  /** dx = g (softmax(x) - smoothed target), in one pass over what softmax left. */
  void crossEntropyGradient(
      Tensor logits, Tensor labels, double smoothing, Tensor g, Tensor dlogits) {
    long M = logits.dim(0);
    long V = logits.dim(1);
    long[] classes = labels.toLongs();
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
    try (Scope scope = Scope.open()) {
      Tensor scale = Tensor.uninitialized("crossEntropy", DType.FLOAT32, Shape.of(M, 1));
      FloatBuffer each = Memory.bytes(scale.address(), M * Float.BYTES).asFloatBuffer();
      float[] given = g.toFloats();
      for (int m = 0; m < classes.length; m++) {
        each.put(m, classes[m] < 0 ? 0 : given[m]);
      }
      elements.binary(algorithm.binary_mul, dlogits, scale, dlogits);
    }
  }
}
