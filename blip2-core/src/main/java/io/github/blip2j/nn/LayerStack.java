package io.github.blip2j.nn;

import io.github.blip2j.tensor.ParentScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A stack of layers, each of which takes the output of the one before. It shows the residual stream
 * to the observer, applies gradient checkpointing, and holds the memory of one layer at a time
 * besides the input while nothing is recorded: 40 blocks over a batch of a hundred images would
 * otherwise hold gigabytes.
 */
public final class LayerStack {
  private final String path;
  private final List<Layer> layers;
  private final int firstRecomputed;

  /** One layer; it is called again if it is recomputed. */
  @FunctionalInterface
  public interface Layer {
    /** The output, of the shape of {@code x}; {@code pass} replaces the one around the stack. */
    Tensor forward(Tensor x, ForwardPass pass);
  }

  /** One layer of a decoder; it is called again if it is recomputed. */
  @FunctionalInterface
  public interface DecoderLayer {
    /**
     * The output of layer {@code index}, of the shape of {@code x}.
     *
     * @param cache the layer's part of the cache, to which it appends; null if there is none
     */
    Tensor forward(int index, Tensor x, KeyValueCache.@Nullable Layer cache, ForwardPass pass);
  }

  private LayerStack(String path, List<? extends Layer> layers, int firstRecomputed) {
    this.path = path;
    this.layers = List.copyOf(layers);
    this.firstRecomputed = firstRecomputed;
  }

  /**
   * A stack of these layers.
   *
   * @param path of the module that owns it, for the observer
   */
  public static LayerStack of(String path, List<? extends Layer> layers) {
    return new LayerStack(path, layers, 0);
  }

  /**
   * The stack of a decoder's layers. With a cache no layer is recomputed: the cache grows with
   * every run of one.
   *
   * @param path of the module that owns it, for the observer
   * @param count of layers
   */
  public static LayerStack ofDecoder(
      String path, int count, @Nullable KeyValueCache cache, DecoderLayer layer) {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int index = i;
      KeyValueCache.Layer part = cache == null ? null : cache.layer(i);
      layers.add((x, pass) -> layer.forward(index, x, part, pass));
    }
    return new LayerStack(path, layers, cache == null ? 0 : count);
  }

  /** With gradient checkpointing, if a pass asks for it, of the layers from {@code first} on. */
  public LayerStack recomputedFrom(int first) {
    return new LayerStack(path, layers, first);
  }

  /**
   * Runs all layers.
   *
   * @param input makes the input of the first layer
   * @return the output of the last layer
   */
  public Tensor forward(Supplier<Tensor> input, ForwardPass pass) {
    ParentScope home = ParentScope.ofCurrent(path);
    Tensor first = Scope.run(input);
    Tensor x = first;
    pass.observer().hiddenState(path, 0, x);
    for (int i = 0; i < layers.size(); i++) {
      Layer layer = layers.get(i);
      ForwardPass own = i < firstRecomputed ? pass.withoutGradientCheckpointing() : pass;
      Tensor y = own.layer(List.of(x), (in, inside) -> layer.forward(in.get(0), inside));
      if (!y.requiresGrad()) {
        home.releaseReplaced(x, y, first); // the input may be a view of the caller's
      }
      x = y;
      pass.observer().hiddenState(path, i + 1, x);
    }
    return x;
  }
}
