package io.github.blip2j.onednn.linear;

import io.github.blip2j.onednn.primitive.Layout;
import io.github.blip2j.onednn.primitive.Memory;
import io.github.blip2j.onednn.primitive.Place;
import java.util.Locale;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;

/**
 * oneDNN's GEMM of two float32 matrices. It packs both sides, which pays for many rows; the product
 * kernel packs at most its right side.
 */
final class Gemm {
  private Gemm() {}

  /** Whether GEMM can read a matrix: contiguous rows or contiguous columns. */
  static boolean reads(Layout matrix) {
    return liesByRows(matrix) || liesByRows(matrix.transpose());
  }

  /** Whether GEMM can write a matrix: contiguous rows. */
  static boolean liesByRows(Layout matrix) {
    return matrix.stride(1) == 1 && matrix.stride(0) >= matrix.dim(1);
  }

  /** out = a b. */
  static void run(Place a, Place b, Place out) {
    run(a, b, 0, out);
  }

  /** out = a b + out. */
  static void add(Place a, Place b, Place out) {
    run(a, b, 1, out);
  }

  private static void run(Place a, Place b, float kept, Place out) {
    long M = a.layout().dim(0);
    long K = a.layout().dim(1);
    long N = b.layout().dim(1);
    int status =
        dnnl.dnnl_sgemm(
            order(a.layout()),
            order(b.layout()),
            M,
            N,
            K,
            1,
            floats(a),
            leading(a.layout()),
            floats(b),
            leading(b.layout()),
            kept,
            floats(out),
            out.layout().stride(0));
    if (status != dnnl.dnnl_success) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "matmul: oneDNN expected to multiply [%d, %d] by [%d, %d], got status %d",
              M,
              K,
              K,
              N,
              status));
    }
  }

  private static byte order(Layout matrix) {
    return (byte) (liesByRows(matrix) ? 'N' : 'T');
  }

  private static long leading(Layout matrix) {
    return liesByRows(matrix) ? matrix.stride(0) : matrix.stride(1);
  }

  private static FloatPointer floats(Place place) {
    return new FloatPointer(Memory.at(place.address(), 0));
  }
}
