package io.github.blip2j.bench;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.VisionTransformerConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Names and shapes of every tensor in a Hugging Face folder of BLIP-2. Those of the image side are
 * independent of the loader's names, so loading such a folder tests both; those of the language
 * model are its family's.
 */
final class HuggingFaceLayout {
  private final DType dtype;
  private final List<TensorSpec> specs = new ArrayList<>();

  private HuggingFaceLayout(DType dtype) {
    this.dtype = dtype;
  }

  static List<TensorSpec> of(Blip2Config config, DType dtype) {
    var layout = new HuggingFaceLayout(dtype);
    layout.vision((VisionTransformerConfig) config.vision()); // EVA, as in all of them
    layout.add("query_tokens", 1, config.queryTokens(), config.qformer().dim());
    layout.qformer(config.qformer());
    layout.linear("language_projection", config.text().embeddingDim(), config.qformer().dim());
    layout.language(config.text());
    return List.copyOf(layout.specs);
  }

  private void vision(VisionTransformerConfig config) {
    int E = config.dim();
    String embeddings = "vision_model.embeddings.";
    add(embeddings + "class_embedding", 1, 1, E);
    add(embeddings + "position_embedding", 1, config.grid() * config.grid() + 1, E);
    add(embeddings + "patch_embedding.weight", E, 3, config.patchSize(), config.patchSize());
    add(embeddings + "patch_embedding.bias", E);
    for (int i = 0; i < config.layers(); i++) {
      String layer = "vision_model.encoder.layers." + i + ".";
      norm(layer + "layer_norm1", E);
      linear(layer + "self_attn.qkv", 3 * E, E);
      linear(layer + "self_attn.projection", E, E);
      norm(layer + "layer_norm2", E);
      linear(layer + "mlp.fc1", config.mlpDim(), E);
      linear(layer + "mlp.fc2", E, config.mlpDim());
    }
    norm("vision_model.post_layernorm", E);
  }

  private void qformer(BertConfig config) {
    int C = config.dim();
    norm("qformer.layernorm", C);
    for (int i = 0; i < config.layers(); i++) {
      String layer = "qformer.encoder.layer." + i + ".";
      attention(layer + "attention.", C, C);
      if (config.readsImageAt(i)) {
        attention(layer + "crossattention.", C, config.encoderDim());
      }
      linear(layer + "intermediate_query.dense", config.mlpDim(), C);
      linear(layer + "output_query.dense", C, config.mlpDim());
      norm(layer + "output_query.LayerNorm", C);
    }
  }

  private void attention(String prefix, int dim, int contextDim) {
    linear(prefix + "attention.query", dim, dim);
    linear(prefix + "attention.key", dim, contextDim);
    linear(prefix + "attention.value", dim, contextDim);
    linear(prefix + "output.dense", dim, dim);
    norm(prefix + "output.LayerNorm", dim);
  }

  /** The language model, under its family's names. */
  private void language(LanguageConfig config) {
    KeyMap.Builder names = KeyMap.builder();
    config.addNames(names, "language.", "language_model.");
    KeyMap keys = names.build();
    var asked = new ParameterShapes();
    try (Scope memory = Scope.detached();
        Scope work = Scope.open()) {
      config.build(Params.root(asked, memory).at("language"));
    }
    asked.shapes().forEach((name, shape) -> add(keys.toStored(name), shape.toArray()));
  }

  private void add(KeyMap.Key key, long[] shape) {
    if (key.part() == 0) { // the other parts are in the same tensor
      shape[0] *= key.parts();
      add(key.name(), shape);
    }
  }

  private void linear(String name, int out, int in) {
    add(name + ".weight", out, in);
    add(name + ".bias", out);
  }

  private void norm(String name, int dim) {
    add(name + ".weight", dim);
    add(name + ".bias", dim);
  }

  private void add(String name, long... shape) {
    specs.add(new TensorSpec(name, dtype, Shape.of(shape)));
  }
}
