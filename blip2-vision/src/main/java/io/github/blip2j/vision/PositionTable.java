package io.github.blip2j.vision;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.List;

/**
 * Learned position embeddings: one row for each token of a square image, which are interpolated for
 * images of other sizes.
 *
 * @param parameter name of the parameter, below the encoder
 * @param shape of the parameter; leading axes have length 1
 * @param tokensBefore rows before those of the patches, which are not interpolated
 * @param alignCorners whether the centres of the corner patches are aligned, or their outer edges
 */
public record PositionTable(String parameter, Shape shape, int tokensBefore, boolean alignCorners) {

  /** Patches along one side of the trained image. */
  public int side() {
    return side(shape.dim(-2));
  }

  private int side(long rows) {
    return (int) Math.sqrt((double) rows - tokensBefore);
  }

  /** Whether a stored table differs from this one in its image size alone. */
  boolean isOfAnotherSize(Shape stored) {
    if (stored.rank() != shape.rank() || stored.dim(-1) != shape.dim(-1)) {
      return false;
    }
    long rows = stored.dim(-2);
    int stands = rows < tokensBefore ? 0 : side(rows);
    return stands > 0 && stands != side() && rows == (long) stands * stands + tokensBefore;
  }

  /**
   * Interpolates a table of this kind for another grid of patches: bicubic, without antialiasing,
   * as PyTorch's {@code interpolate}.
   *
   * @param table [..., tokensBefore + G G, E] of any size G
   * @return [..., tokensBefore + rows columns, E]
   */
  public Tensor interpolate(Tensor table, int rows, int columns) {
    long trained = table.dim(-2);
    int side = side(trained);
    if (rows == side && columns == side) {
      return table;
    }
    Tensor patches = table.narrow(-2, tokensBefore, trained - tokensBefore);
    Tensor grid = new PositionGrid(side, alignCorners).interpolate(patches, rows, columns);
    return tokensBefore == 0
        ? grid
        : Tensor.concat(-2, List.of(table.narrow(-2, 0, tokensBefore), grid));
  }
}
