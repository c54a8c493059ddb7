package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyMap;

/**
 * The names of LAVIS and Hugging Face for the parameters of a Q-Former, its queries and its heads.
 *
 * <pre>{@code
 * visionNorm, queries, qformer.*, head.*, visionProjection, textProjection, matching, temperature
 * }</pre>
 */
public final class QformerNames {
  /** A buffer of LAVIS's Q-Former without weights: the positions 0, 1, 2, and so on. */
  public static final String LAVIS_POSITION_IDS = "Qformer.bert.embeddings.position_ids";

  private static final String LAYER = "encoder.layer.*.";
  private static final String WORDS = "qformer.embeddings.words";
  private static final String TEMPERATURE = "temp";
  private static final String CAPTION_HEAD = "Qformer.cls.";
  private static final String PREDICTIONS = CAPTION_HEAD + "predictions.";
  // The output matrix of the captioning head, tied to the token embedding.
  private static final String DECODER = PREDICTIONS + "decoder";

  private final KeyMap.Builder keys;
  private final String bert; // the prefix of the Q-Former's tensors
  private final String attention; // the prefix of query, key and value

  private QformerNames(KeyMap.Builder keys, String bert, String attention) {
    this.keys = keys;
    this.bert = bert;
    this.attention = attention;
  }

  /**
   * Adds the rules for LAVIS. A file may hold the captioning head's output matrix instead of the
   * token embedding to which it is tied, or both, which must then be equal.
   *
   * @return {@code keys}
   */
  public static KeyMap.Builder addLavis(KeyMap.Builder keys) {
    String embeddings = "Qformer.bert.embeddings.";
    new QformerNames(keys, "Qformer.bert.", "self.").layers();
    keys.rename("visionNorm", "ln_vision")
        .renameToAny(WORDS, embeddings + "word_embeddings", DECODER)
        .rename("qformer.embeddings.positions", embeddings + "position_embeddings")
        .rename("qformer.embeddings.norm", embeddings + "LayerNorm")
        .rename("visionProjection", "vision_proj")
        .rename("textProjection", "text_proj");
    training(keys);
    return keys.ignore(LAVIS_POSITION_IDS);
  }

  /**
   * Adds the rules for Hugging Face, which has neither temperature nor captioning head. A folder
   * that has them uses LAVIS's names for them.
   *
   * @return {@code keys}
   */
  public static KeyMap.Builder addHuggingFace(KeyMap.Builder keys) {
    addHuggingFaceLayers(keys);
    keys.rename("visionNorm", "vision_model.post_layernorm")
        .renameToAny(WORDS, "embeddings.word_embeddings", DECODER)
        .rename("qformer.embeddings.positions", "embeddings.position_embeddings")
        .rename("qformer.embeddings.norm", "qformer.layernorm")
        .rename("visionProjection", "vision_projection")
        .rename("textProjection", "text_projection");
    training(keys);
    return keys.ignore("*.position_ids");
  }

  /**
   * Adds the rules for the layers of a Q-Former in Hugging Face's BLIP-2 or InstructBLIP.
   *
   * @return {@code keys}
   */
  public static KeyMap.Builder addHuggingFaceLayers(KeyMap.Builder keys) {
    new QformerNames(keys, "qformer.", "attention.").layers();
    return keys;
  }

  /**
   * Whether Hugging Face has no tensor for this one of LAVIS: the temperature, the captioning head
   * and the position ids.
   */
  public static boolean isLavisOnly(String lavis) {
    return lavis.equals(TEMPERATURE)
        || lavis.startsWith(CAPTION_HEAD)
        || lavis.equals(LAVIS_POSITION_IDS);
  }

  private static void training(KeyMap.Builder keys) {
    keys.rename("queries", "query_tokens")
        .rename("matching", "itm_head")
        .rename("temperature", TEMPERATURE)
        .rename("head.transform", PREDICTIONS + "transform.dense")
        .rename("head.norm", PREDICTIONS + "transform.LayerNorm")
        .renameToAny("head.bias", PREDICTIONS + "bias", DECODER + ".bias");
  }

  private void layers() {
    attention("attention.", "attention.");
    attention("imageAttention.", "crossattention.");
    mlp("queryMlp.", "_query");
    mlp("textMlp.", "");
  }

  private void attention(String ours, String theirs) {
    for (String input : new String[] {"query", "key", "value"}) {
      rename(ours + input, theirs + attention + input);
    }
    rename(ours + "output", theirs + "output.dense");
    rename(ours + "norm", theirs + "output.LayerNorm");
  }

  private void mlp(String ours, String suffix) {
    rename(ours + "up", "intermediate" + suffix + ".dense");
    rename(ours + "down", "output" + suffix + ".dense");
    rename(ours + "norm", "output" + suffix + ".LayerNorm");
  }

  private void rename(String ours, String theirs) {
    keys.rename("qformer.layers.*." + ours, bert + LAYER + theirs);
  }
}
