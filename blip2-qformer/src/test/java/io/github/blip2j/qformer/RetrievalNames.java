package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyMap;

/** How Hugging Face spells the parameters of a Q-Former with heads for matching and retrieval. */
final class RetrievalNames {
  private static final String LAYER = "qformer.encoder.layer.*.";

  private RetrievalNames() {}

  static KeyMap keys() {
    KeyMap.Builder keys = KeyMap.builder();
    keys.rename("queryTokens", "query_tokens")
        .rename("qformer.embeddings.norm", "qformer.layernorm")
        .rename("qformer.embeddings.words", "embeddings.word_embeddings")
        .rename("qformer.embeddings.positions", "embeddings.position_embeddings");
    attention(keys, "qformer.layers.*.attention.", LAYER + "attention.");
    attention(keys, "qformer.layers.*.imageAttention.", LAYER + "crossattention.");
    perceptron(keys, "qformer.layers.*.queryMlp.", "_query");
    perceptron(keys, "qformer.layers.*.textMlp.", "");
    return keys.rename("matchHead", "itm_head")
        .rename("imageProjection", "vision_projection")
        .rename("textProjection", "text_projection")
        .ignore("vision_model.*")
        .ignore("*.position_ids")
        .build();
  }

  private static void attention(KeyMap.Builder keys, String ours, String theirs) {
    keys.rename(ours + "query", theirs + "attention.query")
        .rename(ours + "key", theirs + "attention.key")
        .rename(ours + "value", theirs + "attention.value")
        .rename(ours + "output", theirs + "output.dense")
        .rename(ours + "norm", theirs + "output.LayerNorm");
  }

  private static void perceptron(KeyMap.Builder keys, String ours, String suffix) {
    keys.rename(ours + "up", LAYER + "intermediate" + suffix + ".dense")
        .rename(ours + "down", LAYER + "output" + suffix + ".dense")
        .rename(ours + "norm", LAYER + "output" + suffix + ".LayerNorm");
  }
}
