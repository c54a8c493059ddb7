package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Where the values of parameters come from. Names are the model's own; {@link KeyMap} translates
 * those of checkpoints.
 */
public interface Weights {
  /**
   * What is stored under a name.
   *
   * @param shape of the whole stored tensor
   * @param parts how many equal parts of it, along the first axis, have names of their own
   */
  record Stored(DType dtype, Shape shape, int parts) {}

  /** The file or folder, for messages. */
  String origin();

  /** What is stored under {@code name}, or null if nothing is. */
  @Nullable Stored find(String name) throws IOException;

  /** Fills {@code into} with bytes of a stored tensor from {@code byteOffset} on. */
  void read(String name, long byteOffset, ByteBuffer into) throws IOException;

  /** What is stored beside the parameters {@code used}, by the names it is stored under. */
  Set<String> unused(Set<String> used);

  /** The initialiser's turn: a value when there is no checkpoint at all, else null. */
  default @Nullable Tensor initial(Shape shape, Init init) {
    return null;
  }

  /**
   * These weights laid over others: what is stored here wins, the rest comes from {@code base}, as
   * a file with the trained part of a model is laid over what it was trained from. A tensor of the
   * base that is covered counts as used.
   */
  default Weights overlaying(Weights base) {
    return new OverlaidWeights(this, base);
  }

  /** As {@link #initial(Shape, Init)}, for those who draw some parameters and read others. */
  default @Nullable Tensor initial(String name, Shape shape, Init init) throws IOException {
    return initial(shape, init);
  }

  /** No checkpoint: every parameter is what {@code drawing} makes of its shape and initialiser. */
  static Weights initialized(BiFunction<Shape, Init, Tensor> drawing) {
    return new InitializedWeights(drawing);
  }

  /** No checkpoint: every parameter is drawn from its initialiser. */
  static Weights random(RandomGenerator random) {
    return initialized((shape, init) -> init.draw(shape, random));
  }
}
