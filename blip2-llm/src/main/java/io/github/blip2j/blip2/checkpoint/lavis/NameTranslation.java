package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import java.util.List;
import java.util.Optional;

/**
 * The translation of tensor names between LAVIS and Hugging Face, for BLIP-2 and InstructBLIP. Each
 * name has one counterpart, so that a round trip gives the same name. {@link ConversionPlan}
 * translates the vision encoder's query and value biases, which Hugging Face stores as one tensor.
 */
final class NameTranslation {
  /** A prefix of LAVIS, its counterpart of Hugging Face, and rules for the rest of the name. */
  private record Prefix(String lavis, String huggingFace, List<Part> parts) {}

  /** A part of a name of LAVIS, and that of Hugging Face. */
  private record Part(String lavis, String huggingFace) {}

  private static final String LAVIS_VISION = LavisNames.IN_VISION;
  private static final String VISION = HuggingFaceNames.VISION;
  private static final String EMBEDDINGS = VISION + "embeddings.";

  private static final List<Part> VISION_PARTS =
      List.of(
          new Part(".norm1.", ".layer_norm1."),
          new Part(".norm2.", ".layer_norm2."),
          new Part(".attn.qkv.", ".self_attn.qkv."),
          new Part(".attn.proj.", ".self_attn.projection."));
  private static final List<Part> BERT_PARTS =
      List.of(new Part("attention.self.", "attention.attention."));

  /** The embeddings of InstructBLIP. */
  private static final List<Prefix> INSTRUCT =
      List.of(
          plain("Qformer.bert.embeddings.LayerNorm.", "qformer.embeddings.layernorm."),
          plain("Qformer.bert.embeddings.", "qformer.embeddings."));

  /** Longer prefixes come before those that they begin with. */
  private static final List<Prefix> SHARED =
      List.of(
          plain(LAVIS_VISION + "cls_token", EMBEDDINGS + "class_embedding"),
          plain(LAVIS_VISION + "pos_embed", EMBEDDINGS + "position_embedding"),
          plain(LAVIS_VISION + "patch_embed.proj.", EMBEDDINGS + "patch_embedding."),
          new Prefix(LAVIS_VISION + "blocks.", VISION + "encoder.layers.", VISION_PARTS),
          plain("ln_vision.", VISION + "post_layernorm."),
          plain(LavisNames.QUERIES, HuggingFaceNames.QUERIES),
          plain("Qformer.bert.embeddings.LayerNorm.", "qformer.layernorm."),
          plain("Qformer.bert.embeddings.", "embeddings."),
          new Prefix("Qformer.bert.encoder.", "qformer.encoder.", BERT_PARTS),
          plain("vision_proj.", "vision_projection."),
          plain("text_proj.", "text_projection."),
          plain("itm_head.", "itm_head."));

  private NameTranslation() {}

  private static Prefix plain(String lavis, String huggingFace) {
    return new Prefix(lavis, huggingFace, List.of());
  }

  /**
   * Hugging Face's name for a tensor of LAVIS, if it is one of BLIP-2.
   *
   * @param instruct whether the checkpoint is InstructBLIP's
   */
  static Optional<String> toHuggingFace(String lavis, boolean instruct) {
    if (instruct) {
      Optional<String> own = toHuggingFace(lavis, INSTRUCT);
      if (own.isPresent()) {
        return own;
      }
    }
    Optional<String> shared = toHuggingFace(lavis, SHARED);
    if (shared.isPresent()) {
      return shared;
    }
    for (String language : LavisNames.LANGUAGE_MODELS) {
      String projection = LavisNames.projection(language) + ".";
      if (lavis.startsWith(projection)) {
        String rest = lavis.substring(projection.length());
        return Optional.of(HuggingFaceNames.PROJECTION + "." + rest);
      }
      String model = LavisNames.inLanguageModel(language);
      if (lavis.startsWith(model)) {
        return Optional.of(HuggingFaceNames.LANGUAGE + lavis.substring(model.length()));
      }
    }
    return Optional.empty();
  }

  private static Optional<String> toHuggingFace(String lavis, List<Prefix> prefixes) {
    for (Prefix prefix : prefixes) {
      if (lavis.startsWith(prefix.lavis)) {
        String name = prefix.huggingFace + lavis.substring(prefix.lavis.length());
        for (Part part : prefix.parts) {
          name = name.replace(part.lavis, part.huggingFace);
        }
        return Optional.of(name);
      }
    }
    return Optional.empty();
  }

  /**
   * LAVIS's name for a tensor of Hugging Face, if it is one of BLIP-2 or InstructBLIP.
   *
   * @param language LAVIS's name for the language model, see {@link LavisNames#languageOf}
   */
  static Optional<String> toLavis(String huggingFace, String language) {
    Optional<String> own = toLavis(huggingFace, INSTRUCT);
    Optional<String> shared = own.isPresent() ? own : toLavis(huggingFace, SHARED);
    if (shared.isPresent()) {
      return shared;
    }
    String projection = HuggingFaceNames.PROJECTION + ".";
    if (huggingFace.startsWith(projection)) {
      String rest = huggingFace.substring(projection.length());
      return Optional.of(LavisNames.projection(language) + "." + rest);
    }
    if (huggingFace.startsWith(HuggingFaceNames.LANGUAGE)) {
      String rest = huggingFace.substring(HuggingFaceNames.LANGUAGE.length());
      return Optional.of(LavisNames.inLanguageModel(language) + rest);
    }
    return Optional.empty();
  }

  private static Optional<String> toLavis(String huggingFace, List<Prefix> prefixes) {
    for (Prefix prefix : prefixes) {
      if (huggingFace.startsWith(prefix.huggingFace)) {
        String name = prefix.lavis + huggingFace.substring(prefix.huggingFace.length());
        for (Part part : prefix.parts) {
          name = name.replace(part.huggingFace, part.lavis);
        }
        return Optional.of(name);
      }
    }
    return Optional.empty();
  }
}
