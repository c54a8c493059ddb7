package io.github.blip2j.llm.opt;

import io.github.blip2j.nn.KeyMap;

/** The tensor names of Hugging Face's Opt. */
final class OptNames {
  private OptNames() {}

  static void add(KeyMap.Builder keys, String ours, String theirs) {
    KeyMap.requireDots(ours, theirs);
    String decoder = theirs + "model.decoder.";
    String own = ours + "layers.*.";
    String layer = decoder + "layers.*.";
    keys.rename(ours + "words", decoder + "embed_tokens")
        .rename(ours + "positions", decoder + "embed_positions")
        .rename(ours + "projectIn", decoder + "project_in")
        .rename(ours + "projectOut", decoder + "project_out")
        .rename(ours + "norm", decoder + "final_layer_norm")
        .rename(ours + "head", theirs + "lm_head")
        .rename(own + "attention.query", layer + "self_attn.q_proj")
        .rename(own + "attention.key", layer + "self_attn.k_proj")
        .rename(own + "attention.value", layer + "self_attn.v_proj")
        .rename(own + "attention.output", layer + "self_attn.out_proj")
        .rename(own + "attentionNorm", layer + "self_attn_layer_norm")
        .rename(own + "mlp.up", layer + "fc1")
        .rename(own + "mlp.down", layer + "fc2")
        .rename(own + "mlpNorm", layer + "final_layer_norm")
        // Files that hold the tied head once more hold the embeddings.
        .ignore(theirs + "lm_head.weight");
  }
}
