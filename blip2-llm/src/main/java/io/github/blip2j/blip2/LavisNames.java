package io.github.blip2j.blip2;

import java.util.List;
import java.util.Optional;

/**
 * What LAVIS and Hugging Face call the same tensor of BLIP-2. Each name has one counterpart, so
 * that there and back gives the same; the vision tower's query and value biases, which Hugging Face
 * stores as one, are {@link Conversion}'s.
 */
final class LavisNames {
  /** A prefix of LAVIS, that of Hugging Face, and which rules hold behind it. */
  private record Prefix(String lavis, String huggingFace, List<Part> parts) {}

  /** A part of a name of LAVIS, and that of Hugging Face. */
  private record Part(String lavis, String huggingFace) {}

  private static final List<Part> VISION_PARTS =
      List.of(
          new Part(".norm1.", ".layer_norm1."),
          new Part(".norm2.", ".layer_norm2."),
          new Part(".attn.qkv.", ".self_attn.qkv."),
          new Part(".attn.proj.", ".self_attn.projection."));
  private static final List<Part> BERT_PARTS =
      List.of(new Part("attention.self.", "attention.attention."));

  /** Longer prefixes before those that they begin with. */
  private static final List<Prefix> SHARED =
      List.of(
          plain("visual_encoder.cls_token", "vision_model.embeddings.class_embedding"),
          plain("visual_encoder.pos_embed", "vision_model.embeddings.position_embedding"),
          plain("visual_encoder.patch_embed.proj.", "vision_model.embeddings.patch_embedding."),
          new Prefix("visual_encoder.blocks.", "vision_model.encoder.layers.", VISION_PARTS),
          plain("ln_vision.", "vision_model.post_layernorm."),
          plain("query_tokens", "query_tokens"),
          plain("Qformer.bert.embeddings.LayerNorm.", "qformer.layernorm."),
          plain("Qformer.bert.embeddings.", "embeddings."),
          new Prefix("Qformer.bert.encoder.", "qformer.encoder.", BERT_PARTS),
          plain("vision_proj.", "vision_projection."),
          plain("text_proj.", "text_projection."),
          plain("itm_head.", "itm_head."));

  /** The language models that LAVIS names after their kind. */
  private static final List<String> LANGUAGE_MODELS = List.of("opt", "t5");

  private LavisNames() {}

  private static Prefix plain(String lavis, String huggingFace) {
    return new Prefix(lavis, huggingFace, List.of());
  }

  /** Whether Hugging Face has no place for a tensor: it can't train the first stage. */
  static boolean isLavisOnly(String lavis) {
    return lavis.equals("temp")
        || lavis.startsWith("Qformer.cls.")
        || lavis.equals("Qformer.bert.embeddings.position_ids");
  }

  /** What Hugging Face calls a tensor of LAVIS, if it is one of BLIP-2. */
  static Optional<String> toHuggingFace(String lavis) {
    for (Prefix prefix : SHARED) {
      if (lavis.startsWith(prefix.lavis)) {
        String name = prefix.huggingFace + lavis.substring(prefix.lavis.length());
        for (Part part : prefix.parts) {
          name = name.replace(part.lavis, part.huggingFace);
        }
        return Optional.of(name);
      }
    }
    for (String kind : LANGUAGE_MODELS) {
      if (lavis.startsWith(kind + "_proj.")) {
        return Optional.of(lavis.replaceFirst(kind + "_proj", "language_projection"));
      }
      if (lavis.startsWith(kind + "_model.")) {
        return Optional.of(lavis.replaceFirst(kind + "_model", "language_model"));
      }
    }
    return Optional.empty();
  }

  /**
   * What LAVIS calls a tensor of Hugging Face, if it is one of BLIP-2.
   *
   * @param t5 whether the language model is a T5
   */
  static Optional<String> toLavis(String huggingFace, boolean t5) {
    for (Prefix prefix : SHARED) {
      if (huggingFace.startsWith(prefix.huggingFace)) {
        String name = prefix.lavis + huggingFace.substring(prefix.huggingFace.length());
        for (Part part : prefix.parts) {
          name = name.replace(part.huggingFace, part.lavis);
        }
        return Optional.of(name);
      }
    }
    String kind = t5 ? "t5" : "opt";
    if (huggingFace.startsWith("language_projection.")) {
      return Optional.of(huggingFace.replaceFirst("language_projection", kind + "_proj"));
    }
    if (huggingFace.startsWith("language_model.")) {
      return Optional.of(huggingFace.replaceFirst("language_model", kind + "_model"));
    }
    return Optional.empty();
  }
}
