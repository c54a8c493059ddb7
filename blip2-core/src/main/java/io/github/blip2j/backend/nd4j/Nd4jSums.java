package io.github.blip2j.backend.nd4j;

import io.github.blip2j.backend.PlainTensor;
import io.github.blip2j.backend.RawTensor;
import io.github.blip2j.backend.Workspace;
import io.github.blip2j.tensor.types.Shape;

/**
 * Sums as products with ones. ND4J's own sum of floats is one running float, 16 % off after fifty
 * million tenths; its product keeps a few dozen running sums, which is good for some thousand terms
 * but 0.4 % off after a million. Longer sums are therefore cut into pieces, and the pieces summed.
 */
final class Nd4jSums {
  private static final long PIECE = 4096;

  private Nd4jSums() {}

  /** The sum of each row of [R, C], into [R]. */
  static void ofRows(RawTensor x, RawTensor out) {
    long rows = x.dim(0);
    long columns = x.dim(1);
    try (Workspace workspace = Workspace.open()) {
      if (columns <= PIECE) {
        Nd4jMatrix.product(x, ones(x, columns, 1), PlainTensor.reshaped(out, rows, 1));
        return;
      }
      RawTensor partial = pieces(x, rows, columns, true);
      RawTensor ones = ones(x, PIECE, 1);
      long whole = columns / PIECE;
      if (rows == 1) {
        RawTensor cut = PlainTensor.view(x, 0, Shape.of(whole, PIECE), new long[] {PIECE, 1});
        Nd4jMatrix.product(
            cut, ones, PlainTensor.view(partial, 0, Shape.of(whole, 1), new long[] {1, 1}));
      }
      for (long i = rows == 1 ? whole : 0; i < partial.dim(1); i++) {
        long length = Math.min(PIECE, columns - i * PIECE);
        RawTensor piece = PlainTensor.narrow(x, 1, i * PIECE, length);
        Nd4jMatrix.product(
            piece, PlainTensor.narrow(ones, 0, 0, length), PlainTensor.narrow(partial, 1, i, 1));
      }
      ofRows(partial, out);
    }
  }

  /** The sum of the rows of [R, C], into [C]. */
  static void overRows(RawTensor x, RawTensor out) {
    long rows = x.dim(0);
    long columns = x.dim(1);
    try (Workspace workspace = Workspace.open()) {
      if (rows <= PIECE) {
        Nd4jMatrix.product(ones(x, 1, rows), x, PlainTensor.reshaped(out, 1, columns));
        return;
      }
      RawTensor partial = pieces(x, rows, columns, false);
      RawTensor ones = ones(x, 1, PIECE);
      for (long i = 0; i < partial.dim(0); i++) {
        long length = Math.min(PIECE, rows - i * PIECE);
        RawTensor piece = PlainTensor.narrow(x, 0, i * PIECE, length);
        Nd4jMatrix.product(
            PlainTensor.narrow(ones, 1, 0, length), piece, PlainTensor.narrow(partial, 0, i, 1));
      }
      overRows(partial, out);
    }
  }

  private static RawTensor pieces(RawTensor x, long rows, long columns, boolean ofRows) {
    long count = ((ofRows ? columns : rows) + PIECE - 1) / PIECE;
    Shape shape = ofRows ? Shape.of(rows, count) : Shape.of(count, columns);
    return PlainTensor.uninitialized(x, "temporary", x.dtype(), shape);
  }

  private static RawTensor ones(RawTensor like, long... shape) {
    RawTensor ones = PlainTensor.uninitialized(like, "temporary", like.dtype(), Shape.of(shape));
    Nd4jArrays.of(ones).assign(1);
    return ones;
  }
}
