package io.github.blip2j.bench;

import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;

/**
 * Random weights, made as fast as memory can be written: uniform in [-0.03, 0.03], scales of norms
 * 1. Each tensor repeats a part of one block of numbers, because drawing three billion numbers
 * would take minutes.
 */
final class TiledWeights {
  private static final double SPREAD = 0.03;
  private static final int BLOCK = 1 << 20; // numbers; 4 MiB stay in the cache
  private static final int STEP = 7919; // a prime, so that tensors begin differently

  private final SplittableRandom random;
  private final ByteBuffer noise;
  private int start;

  private TiledWeights(long seed) {
    this.random = new SplittableRandom(seed);
    this.noise = ByteBuffer.allocate(BLOCK * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (noise.hasRemaining()) {
      noise.putFloat((float) (SPREAD * (2 * random.nextDouble() - 1)));
    }
  }

  /** Weights made in this way. */
  static Weights of(long seed) {
    return Weights.initialized(new TiledWeights(seed)::draw);
  }

  private Tensor draw(Shape shape, Init init) {
    if (shape.rank() == 1 && startsAtOne(init)) {
      return Tensor.full(DType.FLOAT32, 1, shape.toArray());
    }
    start = (start + STEP) % BLOCK;
    int first = start * Float.BYTES;
    try {
      return Tensor.read(
          "tiled weights", DType.FLOAT32, shape, (at, into) -> tile(first + at, into));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // nothing is read
    }
  }

  /**
   * Whether a tensor consists of ones: only the scales of norms do, and their initializer
   * identifies them.
   */
  private boolean startsAtOne(Init init) {
    try (var scope = Scope.open()) {
      return init.draw(Shape.of(1), random).item() == 1;
    }
  }

  private void tile(long from, ByteBuffer into) {
    long at = from;
    while (into.hasRemaining()) {
      int begin = (int) (at % noise.capacity());
      int count = Math.min(into.remaining(), noise.capacity() - begin);
      into.put(noise.duplicate().limit(begin + count).position(begin));
      at += count;
    }
  }
}
