package io.github.blip2j.blip2.checkpoint.hf;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.qformer.QformerNames;
import io.github.blip2j.vision.VisionConfig;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/**
 * Hugging Face's names for the parameters of BLIP-2: {@code vision_model.*}, {@code qformer.*},
 * {@code language_projection.*} and {@code language_model.*}. Those of the Q-Former's layers are in
 * {@link QformerNames}.
 */
public final class HuggingFaceNames {
  /** The prefix of the vision encoder's tensors. */
  public static final String VISION = "vision_model.";

  /** The prefix of the Q-Former's tensors. */
  public static final String QFORMER = "qformer.";

  /** The prefix of the language model's tensors. */
  public static final String LANGUAGE = "language_model.";

  /** The projection to the language model. */
  public static final String PROJECTION = "language_projection";

  /** The learned queries, of which every BLIP-2 has some. */
  public static final String QUERIES = "query_tokens";

  /** The end of the name of the vision encoder's bias of query, key and value. */
  public static final String FUSED_BIAS = ".self_attn.qkv.bias";

  private static final String VISION_NORM = VISION + "post_layernorm";
  private static final String INSTRUCT_EMBEDDINGS = QFORMER + "embeddings.";
  private static final String WORDS = "word_embeddings";
  private static final String OPT = LANGUAGE + "model.decoder.";
  private static final String T5_ENCODER = LANGUAGE + "encoder.";
  private static final String T5_WORDS = LANGUAGE + "shared";

  private HuggingFaceNames() {}

  /** The names of a BLIP-2 or InstructBLIP with a language model. */
  public static KeyMap blip2(Blip2Config config) {
    KeyMap.Builder keys = KeyMap.builder();
    config.vision().addNames(keys, "vision.", VISION);
    qformer(keys, config.readsInstruction());
    language(keys, config.text());
    return keys.rename("visionNorm", VISION_NORM)
        .rename("projection", PROJECTION)
        .ignore("*.position_ids")
        .build();
  }

  /** The names of a {@code Blip2ForImageTextRetrieval}. */
  public static KeyMap retrieval(VisionConfig vision) {
    KeyMap.Builder keys = vision.addNames(KeyMap.builder(), "vision.", VISION);
    return QformerNames.addHuggingFace(keys).build();
  }

  /** The names of the image side of a {@link Blip2Config} in a BLIP-2 of any kind. */
  public static KeyMap imageSide(VisionConfig vision) {
    KeyMap.Builder keys = KeyMap.builder().rename("queryTokens", QUERIES);
    vision.addNames(keys, "vision.", VISION);
    return QformerNames.addHuggingFace(keys).ignore("*").build(); // the text side and the heads
  }

  /** The names of a language model as a part of a BLIP-2. */
  public static KeyMap language(LanguageConfig text) {
    KeyMap.Builder keys = KeyMap.builder();
    language(keys, text);
    return keys.build();
  }

  /** Whether a tensor is the vision encoder's; the norm after it is trained in both stages. */
  public static boolean isVisionEncoder(String name) {
    return name.startsWith(VISION) && !name.startsWith(VISION_NORM + ".");
  }

  /** Whether the language model among these tensors is a T5. */
  public static boolean hasT5(NavigableMap<String, ?> tensors) {
    return hasAny(tensors, T5_ENCODER) || tensors.containsKey(T5_WORDS + ".weight");
  }

  /** Whether the language model among these tensors is an OPT. */
  public static boolean hasOpt(NavigableMap<String, ?> tensors) {
    return hasAny(tensors, OPT);
  }

  /** Whether the language model among these tensors is of LLaMA's kind. */
  public static boolean hasLlama(NavigableMap<String, ?> tensors) {
    return tensors.containsKey(LANGUAGE + "model.layers.0.mlp.gate_proj.weight");
  }

  /** Whether there is a language model among these tensors. */
  public static boolean hasLanguage(NavigableMap<String, ?> tensors) {
    return hasAny(tensors, LANGUAGE);
  }

  private static boolean hasAny(NavigableMap<String, ?> tensors, String prefix) {
    @Nullable String first = tensors.ceilingKey(prefix);
    return first != null && first.startsWith(prefix);
  }

  /** Whether these tensors are an InstructBLIP's, which has the embeddings in its Q-Former. */
  public static boolean hasInstructBlip(NavigableMap<String, ?> tensors) {
    return tensors.containsKey(INSTRUCT_EMBEDDINGS + WORDS + ".weight");
  }

  /**
   * The name in a BLIP-2 of a tensor of an OPT that was saved without its head, which has no {@code
   * model.} in its names.
   */
  static String withHead(String name) {
    String headless = LANGUAGE + "decoder.";
    return name.startsWith(headless)
        ? LANGUAGE + "model." + name.substring(LANGUAGE.length())
        : name;
  }

  /** Whether a checkpoint holds an OPT that was saved without its head. */
  static boolean hasHeadlessOpt(NavigableMap<String, ?> tensors) {
    String layers = LANGUAGE + "decoder.layers.";
    return String.valueOf(tensors.ceilingKey(layers)).startsWith(layers);
  }

  private static void language(KeyMap.Builder keys, LanguageConfig text) {
    text.addNames(keys, "language.", LANGUAGE);
  }

  /** InstructBLIP has the embeddings in its Q-Former. */
  private static void qformer(KeyMap.Builder keys, boolean instructed) {
    String embeddings = instructed ? INSTRUCT_EMBEDDINGS : "embeddings.";
    String norm = instructed ? embeddings + "layernorm" : QFORMER + "layernorm";
    keys.rename("queryTokens", QUERIES)
        .rename("qformer.embeddings.norm", norm)
        .rename("qformer.embeddings.words", embeddings + WORDS)
        .rename("qformer.embeddings.positions", embeddings + "position_embeddings");
    QformerNames.addHuggingFaceLayers(keys);
  }
}
