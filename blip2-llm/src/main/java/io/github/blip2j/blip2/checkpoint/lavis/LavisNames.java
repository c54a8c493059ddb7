package io.github.blip2j.blip2.checkpoint.lavis;

import io.github.blip2j.io.tensor.TensorEntry;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What LAVIS and Hugging Face call the same tensor of BLIP-2 or InstructBLIP, whose Q-Former reads
 * text and has it under other names there. Each name has one counterpart, so that there and back
 * gives the same; the vision encoder's query and value biases, which Hugging Face stores as one,
 * are {@link ConversionPlan}'s.
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

  /** Those of InstructBLIP alone. */
  private static final List<Prefix> INSTRUCT =
      List.of(
          plain("Qformer.bert.embeddings.LayerNorm.", "qformer.embeddings.layernorm."),
          plain("Qformer.bert.embeddings.", "qformer.embeddings."));

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
  private static final List<String> LANGUAGE_MODELS = List.of("opt", "t5", "llm");

  private static final String ENCODER = "language_model.encoder.";

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

  /**
   * Whether the second stage trains a tensor, where vision encoder and language model are frozen.
   */
  static boolean isTrained(String lavis) {
    return !lavis.startsWith("visual_encoder.")
        && LANGUAGE_MODELS.stream().noneMatch(kind -> lavis.startsWith(kind + "_model."));
  }

  /** The kind of language model that a checkpoint of LAVIS projects to, if any. */
  static Optional<String> projection(NavigableMap<String, TensorEntry> tensors) {
    return LANGUAGE_MODELS.stream()
        .filter(kind -> tensors.containsKey(kind + "_proj.weight"))
        .findFirst();
  }

  /** What LAVIS calls the language model of a Hugging Face folder. */
  static String languageKind(NavigableMap<String, TensorEntry> tensors) {
    @Nullable String encoder = tensors.ceilingKey(ENCODER);
    boolean encodes = encoder != null && encoder.startsWith(ENCODER);
    if (encodes || tensors.containsKey("language_model.shared.weight")) {
      return "t5";
    }
    return tensors.containsKey("qformer.embeddings.word_embeddings.weight") ? "llm" : "opt";
  }

  /**
   * What Hugging Face calls a tensor of LAVIS, if it is one of BLIP-2.
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
   * What LAVIS calls a tensor of Hugging Face, if it is one of BLIP-2 or InstructBLIP.
   *
   * @param kind what LAVIS calls the language model, see {@link #languageKind}
   */
  static Optional<String> toLavis(String huggingFace, String kind) {
    Optional<String> own = toLavis(huggingFace, INSTRUCT);
    Optional<String> shared = own.isPresent() ? own : toLavis(huggingFace, SHARED);
    if (shared.isPresent()) {
      return shared;
    }
    if (huggingFace.startsWith("language_projection.")) {
      return Optional.of(huggingFace.replaceFirst("language_projection", kind + "_proj"));
    }
    if (huggingFace.startsWith("language_model.")) {
      return Optional.of(huggingFace.replaceFirst("language_model", kind + "_model"));
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
