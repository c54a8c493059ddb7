package io.github.blip2j.vision;

import io.github.blip2j.nn.KeyMap;

/**
 * The names of transformers for the parameters of its vision encoders: EVA's in BLIP-2, and
 * SigLIP's.
 *
 * @param ours prefix of the encoder with its dot, or empty
 * @param theirs prefix of the stored names with its dot, or empty
 */
record HuggingFaceVisionNames(KeyMap.Builder keys, String ours, String theirs) {
  private static final String LAYER = "encoder.layers.*.";

  HuggingFaceVisionNames {
    KeyMap.requireDots(ours, theirs);
  }

  KeyMap.Builder add(VisionTransformerKind kind) {
    switch (kind) {
      case EVA -> eva();
      case SIGLIP -> siglip();
      case CLIP -> throw new IllegalArgumentException("vision: no names of LAVIS's CLIP there");
    }
    return keys;
  }

  private void eva() {
    rename("classToken", "embeddings.class_embedding");
    rename("positions", "embeddings.position_embedding");
    shared();
    String[] inputs = {"query", "key", "value"};
    for (int i = 0; i < inputs.length; i++) {
      keys.slice(
          ours + "layers.*.attention." + inputs[i],
          theirs + LAYER + "self_attn.qkv",
          i,
          inputs.length);
    }
    rename("layers.*.attention.output", LAYER + "self_attn.projection");
    keys.ignore(theirs + "post_layernorm.*"); // BLIP-2's own norm, which is no part of the encoder
  }

  private void siglip() {
    rename("positions", "embeddings.position_embedding.weight");
    shared();
    rename("layers.*.attention.query", LAYER + "self_attn.q_proj");
    rename("layers.*.attention.key", LAYER + "self_attn.k_proj");
    rename("layers.*.attention.value", LAYER + "self_attn.v_proj");
    rename("layers.*.attention.output", LAYER + "self_attn.out_proj");
    rename("outputNorm", "post_layernorm");
    keys.ignore(theirs + "head.*"); // pools the features to one, which BLIP-2 has no use for
    keys.ignore(theirs + "embeddings.position_ids"); // of transformers before 4.31
  }

  private void shared() {
    rename("patches", "embeddings.patch_embedding");
    rename("layers.*.attentionNorm", LAYER + "layer_norm1");
    rename("layers.*.mlpNorm", LAYER + "layer_norm2");
    rename("layers.*.mlp.up", LAYER + "mlp.fc1");
    rename("layers.*.mlp.down", LAYER + "mlp.fc2");
  }

  private void rename(String our, String their) {
    keys.rename(ours + our, theirs + their);
  }
}
