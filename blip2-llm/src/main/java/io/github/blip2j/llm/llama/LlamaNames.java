package io.github.blip2j.llm.llama;

import io.github.blip2j.nn.KeyMap;

/** The tensor names of Hugging Face's LLaMA, Mistral and Qwen2. */
final class LlamaNames {
  private LlamaNames() {}

  static void add(KeyMap.Builder keys, String ours, String theirs) {
    KeyMap.requireDots(ours, theirs);
    String model = theirs + "model.";
    String layer = model + "layers.*.";
    String own = ours + "layers.*.";
    keys.rename(ours + "words", model + "embed_tokens")
        .rename(ours + "norm", model + "norm")
        .rename(ours + "head", theirs + "lm_head")
        .rename(own + "attentionNorm", layer + "input_layernorm")
        .rename(own + "attention.query", layer + "self_attn.q_proj")
        .rename(own + "attention.key", layer + "self_attn.k_proj")
        .rename(own + "attention.value", layer + "self_attn.v_proj")
        .rename(own + "attention.output", layer + "self_attn.o_proj")
        .rename(own + "mlpNorm", layer + "post_attention_layernorm")
        .rename(own + "mlp.gate", layer + "mlp.gate_proj")
        .rename(own + "mlp.up", layer + "mlp.up_proj")
        .rename(own + "mlp.down", layer + "mlp.down_proj")
        // Files that hold the tied head once more hold the embeddings.
        .ignore(theirs + "lm_head.weight")
        // Older files hold the frequencies, which follow from the configuration.
        .ignore(layer + "self_attn.rotary_emb.inv_freq");
  }
}
