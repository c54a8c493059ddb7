package io.github.blip2j.vision;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint whose positions are interpolated for images of another size when they are loaded, to
 * train the interpolated ones, as LAVIS does with {@code image_size: 364}. For inference this is
 * not needed: a vision transformer interpolates in its forward pass.
 */
public final class ResizedPositions implements Weights {
  private final Weights stored;
  private final PositionTable table;
  private final String name;

  private ResizedPositions(Weights stored, PositionTable table, String name) {
    this.stored = stored;
    this.table = table;
    this.name = name;
  }

  /**
   * The weights {@code stored}, with positions for {@code config}.
   *
   * @param encoder path of the {@link VisionEncoder}
   */
  public static Weights of(Weights stored, VisionConfig config, String encoder) {
    Optional<PositionTable> table = config.positions();
    return table.isEmpty()
        ? stored
        : new ResizedPositions(stored, table.get(), encoder + "." + table.get().parameter());
  }

  @Override
  public String origin() {
    return stored.origin();
  }

  @Override
  public @Nullable Stored find(String path) throws IOException {
    Stored found = stored.find(path);
    if (found == null || !isResized(path, found)) {
      return found;
    }
    return new Stored(DType.FLOAT32, table.shape(), 1);
  }

  @Override
  public String storedName(String path) {
    return stored.storedName(path);
  }

  @Override
  public void read(String path, long byteOffset, ByteBuffer into) throws IOException {
    Stored found = stored.find(path);
    if (found == null || !isResized(path, found)) {
      stored.read(path, byteOffset, into);
      return;
    }
    float[] values = resized(found);
    int first = Math.toIntExact(byteOffset / Float.BYTES);
    into.order(ByteOrder.LITTLE_ENDIAN);
    for (int i = first; into.hasRemaining(); i++) {
      into.putFloat(values[i]);
    }
  }

  @Override
  public Set<String> unused(Set<String> used) {
    return stored.unused(used);
  }

  @Override
  public @Nullable Tensor initial(String name, Shape shape, Init init) throws IOException {
    return stored.initial(name, shape, init);
  }

  /**
   * Whether the positions are a square grid of the right width and another size; the loader's
   * checks report other differences.
   */
  private boolean isResized(String path, Stored found) {
    return path.equals(name) && found.dtype().isFloating() && table.isOfAnotherSize(found.shape());
  }

  private float[] resized(Stored found) throws IOException {
    try (Scope scope = Scope.open()) {
      Tensor read =
          Tensor.read(
              name, found.dtype(), found.shape(), (at, into) -> stored.read(name, at, into));
      Tensor positions = read.to(DType.FLOAT32);
      return table.interpolate(positions, table.side(), table.side()).toFloats();
    }
  }
}
