package io.github.blip2j.bench;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.llm.llama.LlamaConfig;
import io.github.blip2j.llm.opt.OptConfig;
import io.github.blip2j.llm.t5.T5Config;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.vision.VisionTransformerConfig;
import java.util.ArrayList;
import java.util.List;

/**
 * Names and shapes of every tensor in a Hugging Face folder of BLIP-2 with OPT, with a T5 that is
 * gated and has an untied head, as Flan-T5, or with a LLaMA without biases. They are independent of
 * the loader's names, so loading such a folder tests both.
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
    if (config.text() instanceof T5Config t5) {
      layout.t5(t5);
    } else if (config.text() instanceof LlamaConfig llama) {
      layout.llama(llama);
    } else {
      layout.opt((OptConfig) config.text());
    }
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

  private void opt(OptConfig config) {
    int C = config.dim();
    String decoder = "language_model.model.decoder.";
    add(decoder + "embed_tokens.weight", config.vocabSize(), config.embeddingDim());
    add(decoder + "embed_positions.weight", config.maxPositions() + 2, C);
    for (int i = 0; i < config.layers(); i++) {
      String layer = decoder + "layers." + i + ".";
      for (String part : new String[] {"q_proj", "k_proj", "v_proj", "out_proj"}) {
        linear(layer + "self_attn." + part, C, C);
      }
      norm(layer + "self_attn_layer_norm", C);
      linear(layer + "fc1", config.mlpDim(), C);
      linear(layer + "fc2", C, config.mlpDim());
      norm(layer + "final_layer_norm", C);
    }
    norm(decoder + "final_layer_norm", C);
  }

  private void llama(LlamaConfig config) {
    int C = config.dim();
    int inner = config.heads() * config.headDim();
    int shared = config.keyValueHeads() * config.headDim();
    String language = "language_model.";
    add(language + "model.embed_tokens.weight", config.vocabSize(), C);
    for (int i = 0; i < config.layers(); i++) {
      String layer = language + "model.layers." + i + ".";
      add(layer + "input_layernorm.weight", C);
      add(layer + "self_attn.q_proj.weight", inner, C);
      add(layer + "self_attn.k_proj.weight", shared, C);
      add(layer + "self_attn.v_proj.weight", shared, C);
      add(layer + "self_attn.o_proj.weight", C, inner);
      add(layer + "post_attention_layernorm.weight", C);
      add(layer + "mlp.gate_proj.weight", config.mlpDim(), C);
      add(layer + "mlp.up_proj.weight", config.mlpDim(), C);
      add(layer + "mlp.down_proj.weight", C, config.mlpDim());
    }
    add(language + "model.norm.weight", C);
    if (!config.tiedHead()) {
      add(language + "lm_head.weight", config.vocabSize(), C);
    }
  }

  private void t5(T5Config config) {
    int C = config.dim();
    String language = "language_model.";
    add(language + "shared.weight", config.vocabSize(), C);
    for (int i = 0; i < config.encoderLayers(); i++) {
      String layer = language + "encoder.block." + i + ".layer.";
      selfAttention(layer, i, config);
      gatedMlp(layer + "1.", config);
    }
    add(language + "encoder.final_layer_norm.weight", C);
    for (int i = 0; i < config.decoderLayers(); i++) {
      String layer = language + "decoder.block." + i + ".layer.";
      selfAttention(layer, i, config);
      attention(layer + "1.", "EncDecAttention.", config);
      gatedMlp(layer + "2.", config);
    }
    add(language + "decoder.final_layer_norm.weight", C);
    add(language + "lm_head.weight", config.vocabSize(), C);
  }

  /** The self-attention of a layer; the first layer of a stack has the position biases of all. */
  private void selfAttention(String layer, int index, T5Config config) {
    attention(layer + "0.", "SelfAttention.", config);
    if (index == 0) {
      String biases = layer + "0.SelfAttention.relative_attention_bias.weight";
      add(biases, config.positionBuckets(), config.heads());
    }
  }

  private void attention(String part, String name, T5Config config) {
    int heads = config.heads() * config.headDim();
    for (String input : new String[] {"q", "k", "v"}) {
      add(part + name + input + ".weight", heads, config.dim());
    }
    add(part + name + "o.weight", config.dim(), heads);
    add(part + "layer_norm.weight", config.dim());
  }

  private void gatedMlp(String part, T5Config config) {
    for (String up : new String[] {"wi_0", "wi_1"}) {
      add(part + "DenseReluDense." + up + ".weight", config.mlpDim(), config.dim());
    }
    add(part + "DenseReluDense.wo.weight", config.dim(), config.mlpDim());
    add(part + "layer_norm.weight", config.dim());
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
