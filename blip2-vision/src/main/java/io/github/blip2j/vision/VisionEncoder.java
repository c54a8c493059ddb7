package io.github.blip2j.vision;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.optim.LayerDecay;
import io.github.blip2j.tensor.Tensor;
import java.util.NavigableMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A vision encoder: pixels to one feature vector for each token. Any class that extends {@link
 * io.github.blip2j.nn.Module} can implement it; BLIP-2's norm of the features ({@code ln_vision})
 * is not part of it, and norms of the encoder's own training, such as SigLIP's last, are.
 *
 * <p>An encoder shows its residual stream to {@link ForwardPass#observer} before the first layer
 * and after each, runs its layers by {@link io.github.blip2j.nn.LayerStack} or {@link
 * ForwardPass#layer} so that gradient checkpointing applies to them, and keeps no state. Frozen, it
 * is run with {@link ForwardPass#evaluating()} by the model that owns it.
 *
 * <pre>{@code
 * B batch, H x W pixels, N tokens, E width
 * }</pre>
 */
public interface VisionEncoder {
  /** The number of a layer in the name of a parameter. */
  Pattern LAYER = Pattern.compile("(?:^|\\.)layers\\.(\\d{1,9})\\.");

  /**
   * Builds the encoder of a configuration, and checks what the configuration says of it.
   *
   * @throws IllegalArgumentException if its {@linkplain VisionConfig#positions positions} are no
   *     parameter of the encoder, or one of another shape
   */
  static VisionEncoder of(VisionConfig config, Params params) {
    VisionEncoder encoder = config.build(params);
    config.positions().ifPresent(table -> table.requireIn(encoder));
    return encoder;
  }

  /** The configuration. */
  VisionConfig config();

  /**
   * Features of every token.
   *
   * @param pixels [B, 3, H, W], normalised
   * @return [B, N, E], with N as {@link VisionConfig#tokens} says
   */
  Tensor forward(Tensor pixels, ForwardPass pass);

  /** The parameters by the path below the encoder, to be trained or frozen. */
  NavigableMap<String, Parameter> parameters();

  /** Width of the features, {@code E}. */
  default int dim() {
    return config().dim();
  }

  /** The number of layers, by the names {@code layers.0.*}, {@code layers.1.*} of parameters. */
  default int layers() {
    return parameters().keySet().stream().mapToInt(name -> layerOf(name) + 1).max().orElse(0);
  }

  /**
   * Smaller learning rates for lower layers of this encoder: what is below the first layer decays
   * most, and what is above the last or outside the encoder has the full rate.
   *
   * @param rate of each layer to the next, at most 1
   * @param path of the encoder in the model, as in {@code "vision"}
   */
  default LayerDecay layerDecay(double rate, String path) {
    int layers = layers();
    return new LayerDecay(
        rate,
        layers,
        name -> {
          if (!name.startsWith(path + ".")) {
            return layers + 1;
          }
          int layer = layerOf(name);
          boolean above = name.startsWith(path + ".outputNorm.");
          return layer >= 0 ? layer + 1 : above ? layers + 1 : 0;
        });
  }

  private static int layerOf(String parameter) {
    Matcher layer = LAYER.matcher(parameter);
    return layer.find() ? Integer.parseInt(layer.group(1)) : -1;
  }
}
