package io.github.blip2j.vision;

import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.util.List;
import java.util.Locale;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

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

  /** Checks that the encoder has this table, which otherwise shows at another image size only. */
  void requireIn(VisionEncoder encoder) {
    NavigableMap<String, Parameter> parameters = encoder.parameters();
    @Nullable Parameter stored = parameters.get(parameter);
    if (stored == null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "vision: positions of %s expected to name a parameter of the encoder, got %s; name one"
                  + " of %s",
              encoder.config().family().name(),
              parameter,
              String.join(", ", parameters.keySet())));
    }
    Shape own = stored.value().shape();
    if (own.rank() > 0 && !own.equals(shape)) { // a tensor that is missing has no shape yet
      throw new ShapeMismatchException(
          String.format(
              Locale.ROOT,
              "vision: positions of %s expected the shape of %s, %s, got %s; build both from one"
                  + " image size",
              encoder.config().family().name(),
              parameter,
              own,
              shape));
    }
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
