package io.github.blip2j.blip2.checkpoint.hf;

import io.github.blip2j.blip2.model.Blip2Config;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.llm.t5.T5Config;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.qformer.QformerNames;
import io.github.blip2j.vision.VisionConfig;
import java.util.ArrayList;
import java.util.List;
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
    config.vision().addNames(keys, "vision", VISION);
    qformer(keys, config.readsInstruction());
    language(keys, config.text());
    return keys.rename("visionNorm", VISION_NORM)
        .rename("projection", PROJECTION)
        .ignore("*.position_ids")
        .build();
  }

  /** The names of a {@code Blip2ForImageTextRetrieval}. */
  public static KeyMap retrieval(VisionConfig vision) {
    KeyMap.Builder keys = vision.addNames(KeyMap.builder(), "vision", VISION);
    return QformerNames.addHuggingFace(keys).build();
  }

  /** The names of the image side of a {@link Blip2Config} in a BLIP-2 of any kind. */
  public static KeyMap imageSide(VisionConfig vision) {
    KeyMap.Builder keys = KeyMap.builder().rename("queryTokens", QUERIES);
    vision.addNames(keys, "vision", VISION);
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
    @Nullable String encoder = tensors.ceilingKey(T5_ENCODER);
    boolean encodes = encoder != null && encoder.startsWith(T5_ENCODER);
    return encodes || tensors.containsKey(T5_WORDS + ".weight");
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
    if (text instanceof T5Config t5) {
      t5(keys, t5);
    } else {
      opt(keys);
    }
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

  private static void opt(KeyMap.Builder keys) {
    String layer = OPT + "layers.*.";
    keys.rename("language.words", OPT + "embed_tokens")
        .rename("language.positions", OPT + "embed_positions")
        .rename("language.projectIn", OPT + "project_in")
        .rename("language.projectOut", OPT + "project_out")
        .rename("language.norm", OPT + "final_layer_norm")
        .rename("language.head", LANGUAGE + "lm_head")
        .rename("language.layers.*.attention.query", layer + "self_attn.q_proj")
        .rename("language.layers.*.attention.key", layer + "self_attn.k_proj")
        .rename("language.layers.*.attention.value", layer + "self_attn.v_proj")
        .rename("language.layers.*.attention.output", layer + "self_attn.out_proj")
        .rename("language.layers.*.attentionNorm", layer + "self_attn_layer_norm")
        .rename("language.layers.*.mlp.up", layer + "fc1")
        .rename("language.layers.*.mlp.down", layer + "fc2")
        .rename("language.layers.*.mlpNorm", layer + "final_layer_norm")
        // Files that hold the tied head once more hold the embeddings.
        .ignore(LANGUAGE + "lm_head.weight");
  }

  private static void t5(KeyMap.Builder keys, T5Config text) {
    // transformers ties these tables, and safetensors keeps any one of them. Tables that differ are
    // not tied. The encoder's own table is not used, because prompts are embedded before it.
    List<String> words =
        new ArrayList<>(
            List.of(
                T5_WORDS, LANGUAGE + "encoder.embed_tokens", LANGUAGE + "decoder.embed_tokens"));
    if (text.tiedHead()) {
      words.add(LANGUAGE + "lm_head");
    }
    keys.renameToAny("language.words", words.toArray(String[]::new))
        .rename("language.decoder.words", LANGUAGE + "decoder.embed_tokens")
        .rename("language.head", LANGUAGE + "lm_head")
        .ignore(LANGUAGE + "encoder.embed_tokens.weight")
        // The first files of T5 have a bias that is not used.
        .ignore("*.EncDecAttention.relative_attention_bias.weight");
    for (String stack : new String[] {"encoder", "decoder"}) {
      String ours = "language." + stack + ".";
      String theirs = LANGUAGE + stack + ".";
      String block = theirs + "block.*.layer.";
      boolean decodes = stack.equals("decoder");
      keys.rename(ours + "norm", theirs + "final_layer_norm");
      keys.rename(
          ours + "positions", theirs + "block.0.layer.0.SelfAttention.relative_attention_bias");
      t5Attention(keys, ours + "layers.*.attention.", block + "0.", "SelfAttention.");
      if (decodes) {
        t5Attention(keys, ours + "layers.*.contextAttention.", block + "1.", "EncDecAttention.");
      }
      t5Mlp(keys, ours + "layers.*.mlp.", block + (decodes ? "2." : "1."), text.gated());
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
