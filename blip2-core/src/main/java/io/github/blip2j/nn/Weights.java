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
 * A source of parameter values. Names are the model's; {@link KeyMap} translates them to those of
 * checkpoints.
 */
public interface Weights {
  /**
   * A stored tensor.
   *
   * @param shape of the whole stored tensor
   * @param parts how many equal parts of it, along the first axis, have names of their own
   */
  record Stored(DType dtype, Shape shape, int parts) {}

  /** The file or folder, for messages. */
  String origin();

  /** The stored tensor of {@code name}, or null if there is none. */
  @Nullable Stored find(String name) throws IOException;

  /** The stored name under which {@code name} is looked for, for messages. */
  default String storedName(String name) {
    return name;
  }

  /** Fills {@code into} with bytes of a stored tensor from {@code byteOffset} on. */
  void read(String name, long byteOffset, ByteBuffer into) throws IOException;

  /** The stored names of tensors other than the parameters {@code used}. */
  Set<String> unused(Set<String> used);

  /** The initial value if there is no checkpoint, else null. */
  default @Nullable Tensor initial(Shape shape, Init init) {
    return null;
  }

  /**
   * These weights overlaid on others: tensors stored here win, the rest comes from {@code base}, as
   * a file with the trained part of a model is overlaid on the model it was trained from. A covered
   * tensor of the base counts as used.
   */
  default Weights overlaying(Weights base) {
    return new OverlaidWeights(this, base);
  }

  /**
   * The initial value of one parameter, for weights that initialize some and read others; see
   * {@link #initial(Shape, Init)}.
   */
  default @Nullable Tensor initial(String name, Shape shape, Init init) throws IOException {
    return initial(shape, init);
  }

  /**
   * Weights without a checkpoint: every parameter is computed by {@code drawing} from its shape and
   * initialization.
   */
  static Weights initialized(BiFunction<Shape, Init, Tensor> drawing) {
    return new InitializedWeights(drawing);
  }

  /** Weights without a checkpoint: every parameter is randomly initialized. */
  static Weights random(RandomGenerator random) {
    return initialized((shape, init) -> init.draw(shape, random));
  }

  /**
   * Weights without a checkpoint, normal ones with this deviation instead of {@link
   * Init#USUAL_DEVIATION}; a narrow model may learn sooner with a greater one.
   */
  static Weights random(RandomGenerator random, double deviation) {
    return initialized((shape, init) -> init.withDeviation(deviation).draw(shape, random));
  }
}
