package org.example.research;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.LayerStack;
import io.github.blip2j.nn.Linear;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionEncoder;
import io.github.blip2j.vision.VisionFamily;
import java.util.ArrayList;
import java.util.List;

/**
 * A vision encoder of one's own: square patches, each mixed with the mean of all of them, without
 * attention, convolutions and positions.
 */
public final class MixerFamily implements VisionFamily {
  @Override
  public String name() {
    return "Mixer";
  }

  @Override
  public List<String> modelTypes() {
    return List.of("mean_mixer");
  }

  @Override
  public VisionConfig read(ConfigJson json) throws CheckpointException {
    return new Config(
        json.intAt("hidden_size"),
        json.intAt("num_hidden_layers"),
        json.intAt("image_size"),
        json.intAt("patch_size"));
  }

  /** Its sizes. */
  public record Config(int dim, int layers, int imageSize, int patchSize) implements VisionConfig {
    @Override
    public VisionFamily family() {
      return new MixerFamily();
    }

    @Override
    public double normEps() {
      return 1e-5;
    }

    @Override
    public VisionConfig withImageSize(int newImageSize) {
      VisionConfig.requireFilled(newImageSize, patchSize);
      return new Config(dim, layers, newImageSize, patchSize);
    }

    @Override
    public VisionEncoder build(Params params) {
      return new Encoder(this, params);
    }

    @Override
    public JsonObject toJson() {
      var json = new JsonObject();
      json.addProperty("model_type", "mean_mixer");
      json.addProperty("hidden_size", dim);
      json.addProperty("num_hidden_layers", layers);
      json.addProperty("image_size", imageSize);
      json.addProperty("patch_size", patchSize);
      return json;
    }
  }

  /** [B, 3, H, W] to [B, N, E]. */
  static final class Encoder extends Module implements VisionEncoder {
    private final Config config;
    private final Linear patches;
    private final LayerStack blocks;

    Encoder(Config config, Params params) {
      super(params);
      this.config = config;
      this.patches =
          new Linear(
              3 * config.patchSize() * config.patchSize(), config.dim(), params.at("patches"));
      List<LayerStack.Layer> layers = new ArrayList<>();
      for (int i = 0; i < config.layers(); i++) {
        layers.add(block(config.dim(), params.at("layers").at(i)));
      }
      this.blocks = LayerStack.of(path(), layers);
    }

    private static LayerStack.Layer block(int dim, Params params) {
      var norm = new LayerNorm(dim, 1e-5, params.at("norm"));
      var mlp = new Mlp(dim, 2 * dim, Activation.GELU, params.at("mlp"));
      return (x, pass) -> { // [B, N, E]
        Tensor normed = norm.forward(x);
        Tensor mean = normed.mean(1).reshape(x.dim(0), 1, dim); // [B, 1, E]
        return mlp.forward(normed.add(mean), x);
      };
    }

    @Override
    public VisionConfig config() {
      return config;
    }

    @Override
    public Tensor forward(Tensor pixels, ForwardPass pass) {
      pixels.shape().require(path(), "pixels", Shape.ANY, 3, Shape.ANY, Shape.ANY);
      return blocks.forward(() -> embed(pixels), pass);
    }

    private Tensor embed(Tensor pixels) {
      long P = config.patchSize();
      long rows = pixels.dim(2) / P;
      long columns = pixels.dim(3) / P;
      return patches.forward(
          pixels
              .reshape(pixels.dim(0), 3, rows, P, columns, P)
              .permute(0, 2, 4, 1, 3, 5)
              .reshape(pixels.dim(0), rows * columns, 3 * P * P));
    }
  }
}
