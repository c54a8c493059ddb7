package io.github.blip2j.onednn;

import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.onednn.linear.MatmulKernels;
import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.Place;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Sums as products with ones: oneDNN's own reduction is far slower over rows, and a product adds in
 * blocks, which is more exact than one running sum.
 */
final class ReductionKernels {
  private final MatmulKernels products;
  private volatile FloatPointer ones = new FloatPointer(0L);

  ReductionKernels(MatmulKernels products) {
    this.products = products;
  }

  void run(RawTensor x, boolean overRows, RawTensor out) {
    long R = x.dim(0);
    long C = x.dim(1);
    Place all = new Place(Layout.matrix(R, C), x.address());
    FloatPointer one = ones(overRows ? R : C);
    if (overRows) {
      products.run(
          new Place(Layout.matrix(1, R), one.address()),
          all,
          new Place(Layout.matrix(1, C), out.address()));
    } else {
      products.run(
          all,
          new Place(Layout.dense(memory.data_type.f32, C, 1), one.address()),
          new Place(Layout.matrix(R, 1), out.address()));
    }
  }

  /** At least {@code count} ones. The array never changes; a caller keeps its own copy alive. */
  private FloatPointer ones(long count) {
    FloatPointer enough = ones;
    if (enough.capacity() < count) {
      enough = new FloatPointer(2 * count);
      for (long i = 0; i < enough.capacity(); i++) {
        enough.put(i, 1);
      }
      ones = enough;
    }
    return enough;
  }
}
