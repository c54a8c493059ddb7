package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyMap;

/**
 * The names of LAVIS and Hugging Face for the parameters of BLIP-2's first stage: the queries, the
 * Q-Former and its heads. The vision encoder has rules of its own.
 *
 * <pre>{@code
 * visionNorm, queries, qformer.*, head.*, visionProjection, textProjection, matching, temperature
 * }</pre>
 */
public final class StageOneNames {
  private static final String LAYER = "encoder.layer.*.";
  private static final String WORDS = "qformer.embeddings.words";
  // The output matrix of the captioning head, tied to the token embedding.
  private static final String PREDICTED = "Qformer.cls.predictions.decoder";

  private final KeyMap.Builder keys;
  private final String bert; // their name of the Q-Former
  private final String attention; // their name of the three input maps of attention

  private StageOneNames(KeyMap.Builder keys, String bert, String attention) {
    this.keys = keys;
    this.bert = bert;
    this.attention = attention;
  }

  /**
   * Adds the rules for LAVIS. A file may hold the output matrix of the captioning head instead of
   * the token embedding that it is tied to, or both, which must then be equal.
   *
   * @return {@code keys}
   */
  public static KeyMap.Builder addLavis(KeyMap.Builder keys) {
    String embeddings = "Qformer.bert.embeddings.";
    new StageOneNames(keys, "Qformer.bert.", "self.").layers();
    keys.rename("visionNorm", "ln_vision")
        .renameToAny(WORDS, embeddings + "word_embeddings", PREDICTED)
        .rename("qformer.embeddings.positions", embeddings + "position_embeddings")
        .rename("qformer.embeddings.norm", embeddings + "LayerNorm")
        .rename("visionProjection", "vision_proj")
        .rename("textProjection", "text_proj");
    training(keys);
    return keys.ignore(embeddings + "position_ids");
  }

  /**
   * Adds the rules for Hugging Face. It has no names for the temperature and the captioning head;
   * if a folder holds them, they have LAVIS's names.
   *
   * @return {@code keys}
   */
  public static KeyMap.Builder addHuggingFace(KeyMap.Builder keys) {
    new StageOneNames(keys, "qformer.", "attention.").layers();
    keys.rename("visionNorm", "vision_model.post_layernorm")
        .renameToAny(WORDS, "embeddings.word_embeddings", PREDICTED)
        .rename("qformer.embeddings.positions", "embeddings.position_embeddings")
        .rename("qformer.embeddings.norm", "qformer.layernorm")
        .rename("visionProjection", "vision_projection")
        .rename("textProjection", "text_projection");
    training(keys);
    return keys.ignore("*.position_ids");
  }

  private static void training(KeyMap.Builder keys) {
    keys.rename("queries", "query_tokens")
        .rename("matching", "itm_head")
        .rename("temperature", "temp")
        .rename("head.transform", "Qformer.cls.predictions.transform.dense")
        .rename("head.norm", "Qformer.cls.predictions.transform.LayerNorm")
        .renameToAny(
            "head.bias", "Qformer.cls.predictions.bias", "Qformer.cls.predictions.decoder.bias");
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
