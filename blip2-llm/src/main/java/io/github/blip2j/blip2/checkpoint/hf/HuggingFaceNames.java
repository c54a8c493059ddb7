package io.github.blip2j.blip2.checkpoint.hf;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.t5.T5Config;
import io.github.blip2j.nn.KeyMap;
import java.util.ArrayList;
import java.util.List;

/** How Hugging Face spells the parameters of BLIP-2. */
public final class HuggingFaceNames {
  private static final String VISION = "vision_model.encoder.layers.*.";
  private static final String BERT = "qformer.encoder.layer.*.";
  private static final String OPT = "language_model.model.decoder.";
  private static final String T5 = "language_model.";

  private HuggingFaceNames() {}

  public static KeyMap keys(Blip2Config config) {
    KeyMap.Builder keys = KeyMap.builder();
    vision(keys);
    qformer(keys, config.readsInstruction());
    language(keys, config.text());
    return keys.rename("visionNorm", "vision_model.post_layernorm")
        .rename("projection", "language_projection")
        .ignore("*.position_ids")
        .build();
  }

  /** Those of the language model alone, as part of a BLIP-2. */
  public static KeyMap language(LanguageConfig text) {
    KeyMap.Builder keys = KeyMap.builder();
    language(keys, text);
    return keys.build();
  }

  private static void language(KeyMap.Builder keys, LanguageConfig text) {
    if (text instanceof T5Config t5) {
      t5(keys, t5);
    } else {
      opt(keys);
    }
  }

  public static void vision(KeyMap.Builder keys) {
    keys.rename("vision.classToken", "vision_model.embeddings.class_embedding")
        .rename("vision.positions", "vision_model.embeddings.position_embedding")
        .rename("vision.patches", "vision_model.embeddings.patch_embedding")
        .rename("vision.layers.*.attentionNorm", VISION + "layer_norm1")
        .slice("vision.layers.*.attention.query", VISION + "self_attn.qkv", 0, 3)
        .slice("vision.layers.*.attention.key", VISION + "self_attn.qkv", 1, 3)
        .slice("vision.layers.*.attention.value", VISION + "self_attn.qkv", 2, 3)
        .rename("vision.layers.*.attention.output", VISION + "self_attn.projection")
        .rename("vision.layers.*.mlpNorm", VISION + "layer_norm2")
        .rename("vision.layers.*.mlp.up", VISION + "mlp.fc1")
        .rename("vision.layers.*.mlp.down", VISION + "mlp.fc2");
  }

  /** InstructBLIP keeps the embeddings in the Q-Former. */
  private static void qformer(KeyMap.Builder keys, boolean instructed) {
    String embeddings = (instructed ? "qformer." : "") + "embeddings.";
    keys.rename("queryTokens", "query_tokens")
        .rename(
            "qformer.embeddings.norm", instructed ? embeddings + "layernorm" : "qformer.layernorm")
        .rename("qformer.embeddings.words", embeddings + "word_embeddings")
        .rename("qformer.embeddings.positions", embeddings + "position_embeddings");
    attention(keys, "qformer.layers.*.attention.", BERT + "attention.");
    attention(keys, "qformer.layers.*.imageAttention.", BERT + "crossattention.");
    feedForward(keys, "qformer.layers.*.queryMlp.", "_query");
    feedForward(keys, "qformer.layers.*.textMlp.", "");
  }

  private static void attention(KeyMap.Builder keys, String ours, String theirs) {
    for (String input : new String[] {"query", "key", "value"}) {
      keys.rename(ours + input, theirs + "attention." + input);
    }
    keys.rename(ours + "output", theirs + "output.dense");
    keys.rename(ours + "norm", theirs + "output.LayerNorm");
  }

  private static void feedForward(KeyMap.Builder keys, String ours, String suffix) {
    keys.rename(ours + "up", BERT + "intermediate" + suffix + ".dense");
    keys.rename(ours + "down", BERT + "output" + suffix + ".dense");
    keys.rename(ours + "norm", BERT + "output" + suffix + ".LayerNorm");
  }

  private static void opt(KeyMap.Builder keys) {
    String layer = OPT + "layers.*.";
    keys.rename("language.words", OPT + "embed_tokens")
        .rename("language.positions", OPT + "embed_positions")
        .rename("language.projectIn", OPT + "project_in")
        .rename("language.projectOut", OPT + "project_out")
        .rename("language.norm", OPT + "final_layer_norm")
        .rename("language.head", "language_model.lm_head")
        .rename("language.layers.*.attention.query", layer + "self_attn.q_proj")
        .rename("language.layers.*.attention.key", layer + "self_attn.k_proj")
        .rename("language.layers.*.attention.value", layer + "self_attn.v_proj")
        .rename("language.layers.*.attention.output", layer + "self_attn.out_proj")
        .rename("language.layers.*.attentionNorm", layer + "self_attn_layer_norm")
        .rename("language.layers.*.mlp.up", layer + "fc1")
        .rename("language.layers.*.mlp.down", layer + "fc2")
        .rename("language.layers.*.mlpNorm", layer + "final_layer_norm")
        // Files that hold the tied head once more hold the embeddings.
        .ignore("language_model.lm_head.weight");
  }

  private static void t5(KeyMap.Builder keys, T5Config text) {
    // transformers ties all of these, and safetensors keeps any one of them. What it does not tie,
    // for they differ, is a table of its own: that of the encoder is never looked into, for prompts
    // are embedded before it reads them.
    List<String> words =
        new ArrayList<>(
            List.of(T5 + "shared", T5 + "encoder.embed_tokens", T5 + "decoder.embed_tokens"));
    if (text.tiedHead()) {
      words.add(T5 + "lm_head");
    }
    keys.renameToAny("language.words", words.toArray(String[]::new))
        .rename("language.decoder.words", T5 + "decoder.embed_tokens")
        .rename("language.head", T5 + "lm_head")
        .ignore(T5 + "encoder.embed_tokens.weight")
        // T5's first files have a bias that nothing reads.
        .ignore("*.EncDecAttention.relative_attention_bias.weight");
    for (String stack : new String[] {"encoder", "decoder"}) {
      String ours = "language." + stack + ".";
      String theirs = T5 + stack + ".";
      String block = theirs + "block.*.layer.";
      boolean reads = stack.equals("decoder");
      keys.rename(ours + "norm", theirs + "final_layer_norm");
      keys.rename(
          ours + "positions", theirs + "block.0.layer.0.SelfAttention.relative_attention_bias");
      t5Attention(keys, ours + "layers.*.attention.", block + "0.", "SelfAttention.");
      if (reads) {
        t5Attention(keys, ours + "layers.*.contextAttention.", block + "1.", "EncDecAttention.");
      }
      t5Mlp(keys, ours + "layers.*.mlp.", block + (reads ? "2." : "1."), text.gated());
    }
  }

  private static void t5Attention(
      KeyMap.Builder keys, String ours, String sublayer, String attention) {
    keys.rename(ours + "norm", sublayer + "layer_norm")
        .rename(ours + "query", sublayer + attention + "q")
        .rename(ours + "key", sublayer + attention + "k")
        .rename(ours + "value", sublayer + attention + "v")
        .rename(ours + "output", sublayer + attention + "o");
  }

  private static void t5Mlp(KeyMap.Builder keys, String ours, String sublayer, boolean gated) {
    String theirs = sublayer + "DenseReluDense.";
    keys.rename(ours + "norm", sublayer + "layer_norm")
        .rename(ours + "gate", theirs + "wi_0")
        .rename(ours + "up", theirs + (gated ? "wi_1" : "wi"))
        .rename(ours + "down", theirs + "wo");
  }
}
