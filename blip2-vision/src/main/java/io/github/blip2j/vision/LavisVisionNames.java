package io.github.blip2j.vision;

import io.github.blip2j.nn.Attention.InputBias;
import io.github.blip2j.nn.KeyMap;
import java.util.List;

/**
 * LAVIS's names for the parameters of its vision transformers, in BLIP-2's checkpoints and in their
 * own files ({@code eva_vit_g.pth}, {@code clip_vit_L.pth}).
 */
final class LavisVisionNames {
  private static final List<String> INPUTS = List.of("query", "key", "value");
  private static final String EVA_PATCHES = "patch_embed.proj";
  private static final String CLIP_PATCHES = "conv1";

  private final KeyMap.Builder keys;
  private final String ours;
  private final String theirs;

  private LavisVisionNames(KeyMap.Builder keys, String ours, String theirs) {
    this.keys = keys;
    this.ours = ours;
    this.theirs = theirs;
  }

  /**
   * Adds the rules of a vision encoder to {@code keys}. Blocks beyond those of {@code config} may
   * stay unused: BLIP-2 drops the last one of each encoder.
   *
   * @param ours path of the {@link VisionTransformer}, empty if it is the root
   * @param theirs {@code "visual_encoder"} in a BLIP-2 checkpoint, empty in an encoder's own file
   * @return {@code keys}
   */
  static KeyMap.Builder add(
      KeyMap.Builder keys, VisionTransformerConfig config, String ours, String theirs) {
    var names = new LavisVisionNames(keys, prefix(ours), prefix(theirs));
    switch (config.kind()) {
      case EVA -> names.eva(config);
      case CLIP -> names.clip(config);
      case SIGLIP ->
          throw new IllegalArgumentException("vision: EVA or CLIP expected in LAVIS, got SigLIP");
    }
    return keys;
  }

  /** The name of the patches' matrix, which tells the encoders apart. */
  static String patches(VisionTransformerKind kind, String theirs) {
    boolean clip = kind == VisionTransformerKind.CLIP;
    return prefix(theirs) + (clip ? CLIP_PATCHES : EVA_PATCHES) + ".weight";
  }

  private static String prefix(String path) {
    return path.isEmpty() ? "" : path + ".";
  }

  private void eva(VisionTransformerConfig config) {
    rename("classToken", "cls_token");
    rename("positions", "pos_embed");
    rename("patches", EVA_PATCHES);
    rename("layers.*.attentionNorm", "blocks.*.norm1");
    if (config.inputBias() == InputBias.QUERY_AND_VALUE) {
      rename("layers.*.attention.query.bias", "blocks.*.attn.q_bias");
      rename("layers.*.attention.value.bias", "blocks.*.attn.v_bias");
    }
    inputs("", "blocks.*.attn.qkv");
    rename("layers.*.attention.output", "blocks.*.attn.proj");
    rename("layers.*.mlpNorm", "blocks.*.norm2");
    rename("layers.*.mlp.up", "blocks.*.mlp.fc1");
    rename("layers.*.mlp.down", "blocks.*.mlp.fc2");
    keys.ignoreFrom(config.layers(), theirs + "blocks.*");
    if (config.inputBias() == InputBias.QUERY_AND_VALUE) {
      ignoreAll("blocks.*.attn.k_bias"); // kept from Hugging Face; it does not change a softmax
    }
    ignoreAll("norm.*", "fc_norm.*", "head.*"); // of EVA's own training
  }

  private void clip(VisionTransformerConfig config) {
    rename("classToken", "class_embedding");
    rename("positions", "positional_embedding");
    rename("patches", CLIP_PATCHES);
    rename("inputNorm", "ln_pre");
    String block = "transformer.resblocks.*.";
    rename("layers.*.attentionNorm", block + "ln_1");
    inputs(".weight", block + "attn.in_proj_weight");
    inputs(".bias", block + "attn.in_proj_bias");
    rename("layers.*.attention.output", block + "attn.out_proj");
    rename("layers.*.mlpNorm", block + "ln_2");
    rename("layers.*.mlp.up", block + "mlp.c_fc");
    rename("layers.*.mlp.down", block + "mlp.c_proj");
    keys.ignoreFrom(config.layers(), theirs + "transformer.resblocks.*");
    ignoreAll("ln_post.*", "proj"); // of CLIP's own training
  }

  /** Query, key and value are a third each of one fused tensor. */
  private void inputs(String kind, String fused) {
    for (int i = 0; i < INPUTS.size(); i++) {
      String name = "layers.*.attention." + INPUTS.get(i) + kind;
      keys.slice(ours + name, theirs + fused, i, INPUTS.size());
    }
  }

  private void rename(String our, String their) {
    keys.rename(ours + our, theirs + their);
  }

  private void ignoreAll(String... names) {
    for (String name : names) {
      keys.ignore(theirs + name);
    }
  }
}
