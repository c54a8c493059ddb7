package io.github.blip2j.nn;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.tensor.ParentScope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The keys and values of earlier positions of a decoder, so that a new token costs one position and
 * not the whole sequence.
 *
 * <pre>{@code
 * keys, values  [R, P, H, D] each, for each layer
 *   R  rows: sequences, or sequences times beams
 *   P  positions with room; the first length() are filled
 * }</pre>
 *
 * <p>The caller owns the cache and passes it along; a model keeps no state between calls. Memory
 * comes from the scope in which the cache is made, in which it must be used, and is laid out once
 * for the expected number of positions. Rows change when beams do: {@link #select} lets new row i
 * continue old row {@code beamIndices[i]}, copying only rows that change and only their filled
 * part.
 *
 * <p>While gradients are recorded the cache holds the given tensors themselves: positions are
 * joined and rows gathered by differentiable operations, and no tensor that a backward pass needs
 * is overwritten. Such tensors belong to the scope in which they were computed.
 */
public final class KeyValueCache {
  /** Keys and values of one layer. */
  public static final class Layer {
    private final KeyValueCache cache;
    private @Nullable Tensor keys;
    private @Nullable Tensor values;
    private int length;
    private boolean recorded; // the tensors are on a tape, and their memory is not the cache's

    private Layer(KeyValueCache cache) {
      this.cache = cache;
    }

    /** The number of cached positions. */
    public int length() {
      return length;
    }

    /**
     * Adds positions.
     *
     * @param k [R, T, H, D]
     * @param v [R, T, H, D]
     */
    public void append(Tensor k, Tensor v) {
      requireFitting(k, v);
      int added = Math.toIntExact(k.dim(1));
      if (isRecording(k, v)) {
        keys = joined(keys, k);
        values = joined(values, v);
        recorded = true;
      } else {
        int positions = Math.addExact(length, added);
        keys = withRoom(keys, k, positions);
        values = withRoom(values, v, positions);
        recorded = false;
        keys.narrow(0, 0, k.dim(0)).narrow(1, length, added).copyInPlace(k);
        values.narrow(0, 0, v.dim(0)).narrow(1, length, added).copyInPlace(v);
      }
      length += added;
      cache.rows = Math.toIntExact(k.dim(0));
    }

    /** All keys, [R, S, H, D]. */
    public Tensor keys() {
      return filled(keys);
    }

    /** All values, [R, S, H, D]. */
    public Tensor values() {
      return filled(values);
    }

    private Tensor filled(@Nullable Tensor tensor) {
      if (tensor == null) {
        throw new IllegalStateException("cache: expected keys and values, got an empty layer");
      }
      return recorded ? tensor : tensor.narrow(0, 0, cache.rows).narrow(1, 0, length);
    }

    private boolean isRecording(Tensor k, Tensor v) {
      return GradMode.isRecording() && (recorded || k.requiresGrad() || v.requiresGrad());
    }

    private Tensor joined(@Nullable Tensor held, Tensor added) {
      return held == null ? added : Tensor.concat(1, List.of(filled(held), added));
    }

    private void requireFitting(Tensor k, Tensor v) {
      long rows = cache.rows == 0 ? Shape.ANY : cache.rows; // none before the first append
      long heads = keys == null ? Shape.ANY : keys.dim(2);
      long width = keys == null ? Shape.ANY : keys.dim(3);
      k.shape().require("cache", "keys", rows, Shape.ANY, heads, width);
      v.shape().require("cache", "values", k.shape().toArray());
    }

    private Tensor withRoom(@Nullable Tensor old, Tensor added, int positions) {
      if (old != null && !recorded && old.dim(1) >= positions) {
        return old;
      }
      int twice = (int) Math.min(Integer.MAX_VALUE, 2L * positions);
      int room = Math.max(cache.expected, old == null ? positions : twice);
      Tensor fresh = cache.allocate(added, added.dim(0), room);
      if (old != null) {
        fresh.narrow(1, 0, length).copyInPlace(filled(old));
        release(old);
      }
      return fresh;
    }

    private void select(int[] beamIndices, List<RowMoves.Move> moves) {
      if (keys == null || values == null) {
        return;
      }
      if (recorded && GradMode.isRecording()) {
        Tensor rows = Tensor.ids(beamIndices);
        keys = keys.gather(rows);
        values = values.gather(rows);
      } else {
        keys = selected(keys, beamIndices, moves);
        values = selected(values, beamIndices, moves);
        recorded = false;
      }
    }

    private void shorten(int positions) {
      if (recorded && keys != null && values != null) {
        keys = keys.narrow(1, 0, positions);
        values = values.narrow(1, 0, positions);
      }
      length = positions;
    }

    private void release(Tensor old) {
      if (!recorded) {
        cache.home.release(old);
      }
    }

    private Tensor selected(Tensor tensor, int[] beamIndices, List<RowMoves.Move> moves) {
      if (!recorded && beamIndices.length <= tensor.dim(0)) {
        reorder(tensor, moves);
        return tensor;
      }
      Tensor fresh = cache.allocate(tensor, beamIndices.length, Math.toIntExact(tensor.dim(1)));
      for (int row = 0; row < beamIndices.length; row++) {
        filledRow(fresh, row).copyInPlace(filledRow(tensor, beamIndices[row]));
      }
      release(tensor);
      return fresh;
    }

    /** Copies the filled part of rows that change, each once but for a ring. */
    private void reorder(Tensor tensor, List<RowMoves.Move> moves) {
      Tensor aside = tensor; // of a ring of rows; none is read before it is made
      for (RowMoves.Move move : moves) {
        boolean saved = move.from() == RowMoves.ASIDE;
        Tensor source = saved ? aside : filledRow(tensor, move.from());
        if (move.to() == RowMoves.ASIDE) {
          aside = source.copy();
        } else {
          filledRow(tensor, move.to()).copyInPlace(source);
        }
      }
    }

    private Tensor filledRow(Tensor tensor, int row) {
      return tensor.select(0, row).narrow(0, 0, length);
    }
  }

  private final ParentScope home = ParentScope.ofCurrent("cache");
  private final List<Layer> layers = new ArrayList<>();
  private final int expected;
  private int rows;

  /**
   * An empty cache.
   *
   * @param layers of the decoder
   * @param expected positions to make room for at once; more are possible, at the price of a copy
   */
  public KeyValueCache(int layers, int expected) {
    this.expected = expected;
    for (int i = 0; i < layers; i++) {
      this.layers.add(new Layer(this));
    }
  }

  /** The cache of one layer. */
  public Layer layer(int index) {
    return layers.get(index);
  }

  /** The number of cached positions in every layer. */
  public int length() {
    return layers.isEmpty() ? 0 : layers.get(0).length;
  }

  /**
   * Reorders the rows: new row i continues old row {@code beamIndices[i]}; the number of rows may
   * change.
   *
   * @throws IllegalArgumentException if a parent is not a row, or there is none
   */
  public void select(int... beamIndices) {
    if (beamIndices.length == 0) {
      throw new IllegalArgumentException("cache: beamIndices expected one or more, got none");
    }
    for (int parent : beamIndices) {
      if (parent < 0 || parent >= rows) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "cache: beamIndices expected below %d rows, got %s",
                rows,
                Arrays.toString(beamIndices)));
      }
    }
    List<RowMoves.Move> moves = RowMoves.of(beamIndices, Math.max(rows, beamIndices.length));
    for (Layer layer : layers) {
      layer.select(beamIndices, moves);
    }
    rows = beamIndices.length;
  }

  /**
   * Drops all but the first positions, so that other continuations can be tried.
   *
   * @throws IllegalArgumentException if there are not so many
   */
  public void shorten(int positions) {
    if (positions < 0 || positions > length()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "cache: positions expected 0 to %d, got %d", length(), positions));
    }
    layers.forEach(layer -> layer.shorten(positions));
  }

  private Tensor allocate(Tensor like, long newRows, int positions) {
    Shape shape = Shape.of(newRows, positions, like.dim(2), like.dim(3));
    return home.allocate("cache", like, shape);
  }
}
