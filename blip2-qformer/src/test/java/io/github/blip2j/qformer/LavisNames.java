package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyMap;

/** How LAVIS spells the parameters of its stage-1 Q-Former. */
final class LavisNames {
  private static final String LAYER = "Qformer.bert.encoder.layer.*.";

  private LavisNames() {}

  static KeyMap keys() {
    KeyMap.Builder keys = KeyMap.builder();
    keys.rename("queryTokens", "query_tokens")
        .rename("matchHead", "itm_head")
        .rename("qformer.bert.embeddings.norm", "Qformer.bert.embeddings.LayerNorm")
        .rename("qformer.bert.embeddings.words", "Qformer.bert.embeddings.word_embeddings")
        .rename("qformer.bert.embeddings.positions", "Qformer.bert.embeddings.position_embeddings")
        .rename("qformer.head.transform", "Qformer.cls.predictions.transform.dense")
        .rename("qformer.head.norm", "Qformer.cls.predictions.transform.LayerNorm")
        .rename("qformer.head.bias", "Qformer.cls.predictions.bias");
    attention(keys, "qformer.bert.layers.*.attention.", LAYER + "attention.");
    attention(keys, "qformer.bert.layers.*.imageAttention.", LAYER + "crossattention.");
    perceptron(keys, "qformer.bert.layers.*.queryMlp.", "_query");
    perceptron(keys, "qformer.bert.layers.*.textMlp.", "");
    return keys.build();
  }

  private static void attention(KeyMap.Builder keys, String ours, String theirs) {
    for (String input : new String[] {"query", "key", "value"}) {
      keys.rename(ours + input, theirs + "self." + input);
    }
    keys.rename(ours + "output", theirs + "output.dense")
        .rename(ours + "norm", theirs + "output.LayerNorm");
  }

  private static void perceptron(KeyMap.Builder keys, String ours, String suffix) {
    keys.rename(ours + "up", LAYER + "intermediate" + suffix + ".dense")
        .rename(ours + "down", LAYER + "output" + suffix + ".dense")
        .rename(ours + "norm", LAYER + "output" + suffix + ".LayerNorm");
  }
}
