package org.example.research;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Attention;
import io.github.blip2j.nn.AttentionOptions;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.LayerNorm;
import io.github.blip2j.nn.LayerStack;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.Mlp;
import io.github.blip2j.nn.Module;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.PositionTable;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionEncoder;
import io.github.blip2j.vision.VisionFamily;
import io.github.blip2j.vision.image.ImageProcessorConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A vision transformer of SigLIP's kind (Zhai et al. 2023), under transformers' names. */
public final class TinySiglipFamily implements VisionFamily {
  @Override
  public String name() {
    return "Tiny SigLIP";
  }

  @Override
  public List<String> modelTypes() {
    return List.of("tiny_siglip");
  }

  @Override
  public VisionConfig read(ConfigJson json) throws CheckpointException {
    return new Config(
        json.intAt("hidden_size"),
        json.intAt("num_hidden_layers"),
        json.intAt("num_attention_heads"),
        json.intAt("intermediate_size"),
        json.intAt("image_size"),
        json.intAt("patch_size"),
        json.doubleAt("layer_norm_eps"));
  }

  @Override
  public Optional<String> landmark() {
    return Optional.of("embeddings.patch_embedding.weight");
  }

  record Config(
      int dim, int layers, int heads, int mlpDim, int imageSize, int patchSize, double normEps)
      implements VisionConfig {
    @Override
    public VisionFamily family() {
      return new TinySiglipFamily();
    }

    @Override
    public VisionConfig withImageSize(int newImageSize) {
      VisionConfig.requireFilled(newImageSize, patchSize);
      return new Config(dim, layers, heads, mlpDim, newImageSize, patchSize, normEps);
    }

    @Override
    public VisionEncoder build(Params params) {
      return new Encoder(this, params);
    }

    @Override
    public ImageProcessorConfig processor() {
      return ImageProcessorConfig.siglip(imageSize); // mean and deviation 0.5, not CLIP's
    }

    PositionTable table() {
      return new PositionTable("positions", Shape.of((long) grid() * grid(), dim), 0, false);
    }

    @Override
    public Optional<PositionTable> positions() {
      return Optional.of(table());
    }

    @Override
    public JsonObject toJson() {
      var json = new JsonObject();
      json.addProperty("model_type", "tiny_siglip");
      json.addProperty("hidden_size", dim);
      json.addProperty("num_hidden_layers", layers);
      json.addProperty("num_attention_heads", heads);
      json.addProperty("intermediate_size", mlpDim);
      json.addProperty("image_size", imageSize);
      json.addProperty("patch_size", patchSize);
      json.addProperty("layer_norm_eps", normEps);
      return json;
    }

    @Override
    public KeyMap.Builder addNames(KeyMap.Builder keys, String ours, String theirs) {
      String layer = ours + "layers.*.";
      String stored = theirs + "encoder.layers.*.";
      return keys.rename(ours + "patches", theirs + "embeddings.patch_embedding")
          .rename(ours + "positions", theirs + "embeddings.position_embedding.weight")
          .rename(layer + "attentionNorm", stored + "layer_norm1")
          .rename(layer + "attention.query", stored + "self_attn.q_proj")
          .rename(layer + "attention.key", stored + "self_attn.k_proj")
          .rename(layer + "attention.value", stored + "self_attn.v_proj")
          .rename(layer + "attention.output", stored + "self_attn.out_proj")
          .rename(layer + "mlpNorm", stored + "layer_norm2")
          .rename(layer + "mlp.up", stored + "mlp.fc1")
          .rename(layer + "mlp.down", stored + "mlp.fc2")
          .rename(ours + "outputNorm", theirs + "post_layernorm")
          .ignore(theirs + "head.*"); // pools the tokens to one
    }
  }

  static final class Encoder extends Module implements VisionEncoder {
    private final Config config;
    private final Parameter patchWeight;
    private final Parameter patchBias;
    private final Parameter positions;
    private final LayerStack layers;
    private final LayerNorm outputNorm;

    Encoder(Config config, Params params) {
      super(params);
      this.config = config;
      int P = config.patchSize;
      Params patches = params.at("patches");
      patchWeight = patches.get("weight", Shape.of(config.dim, 3, P, P), Init.normal());
      patchBias = patches.get("bias", Shape.of(config.dim), Init.zeros());
      positions = params.get("positions", config.table().shape(), Init.normal());
      List<LayerStack.Layer> each = new ArrayList<>();
      for (int i = 0; i < config.layers; i++) {
        each.add(layer(config, params.at("layers").at(i)));
      }
      layers = LayerStack.of(path(), each);
      outputNorm = new LayerNorm(config.dim, config.normEps, params.at("outputNorm"));
    }

    private static LayerStack.Layer layer(Config config, Params params) {
      int E = config.dim;
      var attentionNorm = new LayerNorm(E, config.normEps, params.at("attentionNorm"));
      var sizes = Attention.Config.self(E, config.heads);
      var attention = Attention.of(sizes, params.at("attention"));
      var mlpNorm = new LayerNorm(E, config.normEps, params.at("mlpNorm"));
      var mlp = new Mlp(E, config.mlpDim, Activation.GELU_TANH, params.at("mlp"));
      return (x, pass) -> { // [B, N, E]
        Tensor normed = attentionNorm.forward(x);
        Tensor mixed = attention.attend(normed, normed, Mask.none(), AttentionOptions.of(pass));
        Tensor attended = attention.project(mixed, x);
        return mlp.forward(mlpNorm.forward(attended), attended);
      };
    }

    @Override
    public VisionConfig config() {
      return config;
    }

    @Override
    public Tensor forward(Tensor pixels, ForwardPass pass) {
      pixels.shape().require(path(), "pixels", Shape.ANY, 3, Shape.ANY, Shape.ANY);
      return outputNorm.forward(layers.forward(() -> embed(pixels), pass));
    }

    private Tensor embed(Tensor pixels) {
      long B = pixels.dim(0);
      long P = config.patchSize;
      long rows = pixels.dim(2) / P;
      long columns = pixels.dim(3) / P;
      Tensor flat =
          pixels
              .narrow(2, 0, rows * P)
              .narrow(3, 0, columns * P)
              .reshape(B, 3, rows, P, columns, P)
              .permute(0, 2, 4, 1, 3, 5)
              .reshape(B, rows * columns, 3 * P * P);
      Tensor tokens = flat.linear(patchWeight.value().reshape(config.dim, -1), patchBias.value());
      return tokens.add(config.table().interpolate(positions.value(), (int) rows, (int) columns));
    }
  }
}
