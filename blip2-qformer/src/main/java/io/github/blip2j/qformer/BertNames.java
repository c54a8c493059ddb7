package io.github.blip2j.qformer;

import io.github.blip2j.nn.KeyMap;
import java.util.Set;

/**
 * Hugging Face's names for the parameters of a BERT: with or without {@code bert.} before the
 * body's names, with norms' {@code weight} and {@code bias} or TensorFlow's {@code gamma} and
 * {@code beta}, as {@code bert-base-uncased} still has them. The variant is detected from the
 * checkpoint's names.
 */
final class BertNames {
  private static final String BODY = "bert.";
  private static final String HEAD = "cls.predictions.";

  private final KeyMap.Builder keys = KeyMap.builder();
  private final boolean gamma;

  private BertNames(Set<String> stored) {
    this.gamma = stored.stream().anyMatch(name -> name.endsWith(".LayerNorm.gamma"));
  }

  /** Names of a {@link BertModel} at the root; heads stay unused. */
  static KeyMap body(Set<String> stored) {
    var names = new BertNames(stored);
    names.body("", prefix(stored));
    return names.ignoring().ignore("cls.*").build();
  }

  /** Names of a {@link BertLMHeadModel} at the root. */
  static KeyMap withHead(Set<String> stored) {
    var names = new BertNames(stored);
    names.body("bert.", prefix(stored));
    names.head("head.");
    return names.ignoring().build();
  }

  /**
   * Names of a Q-Former that is initialized from the plain BERT in a checkpoint.
   *
   * @param body path of the {@link BertModel}
   * @param head path of the head beside it
   */
  static KeyMap ofQFormer(Set<String> stored, String body, String head) {
    var names = new BertNames(stored);
    names.body(body + ".", prefix(stored));
    names.head(head + ".");
    return names.ignoring().ignore("*embeddings.token_type_embeddings.weight").build();
  }

  private static String prefix(Set<String> stored) {
    return stored.stream().anyMatch(name -> name.startsWith(BODY)) ? BODY : "";
  }

  private void body(String ours, String theirs) {
    String embeddings = theirs + "embeddings.";
    keys.renameToAny(ours + "embeddings.words", embeddings + "word_embeddings", HEAD + "decoder")
        .rename(ours + "embeddings.positions", embeddings + "position_embeddings")
        .rename(ours + "embeddings.types", embeddings + "token_type_embeddings");
    norm(ours + "embeddings.norm", embeddings + "LayerNorm");
    String layer = theirs + "encoder.layer.*.";
    attention(ours + "layers.*.attention.", layer + "attention.");
    attention(ours + "layers.*.crossAttention.", layer + "crossattention.");
    keys.rename(ours + "layers.*.textMlp.up", layer + "intermediate.dense")
        .rename(ours + "layers.*.textMlp.down", layer + "output.dense");
    norm(ours + "layers.*.textMlp.norm", layer + "output.LayerNorm");
  }

  private void attention(String ours, String theirs) {
    for (String input : new String[] {"query", "key", "value"}) {
      keys.rename(ours + input, theirs + "self." + input);
    }
    keys.rename(ours + "output", theirs + "output.dense");
    norm(ours + "norm", theirs + "output.LayerNorm");
  }

  private void head(String ours) {
    keys.rename(ours + "transform", HEAD + "transform.dense")
        .rename(ours + "decoder.weight", HEAD + "decoder.weight")
        .renameToAny(ours + "bias", HEAD + "bias", HEAD + "decoder.bias");
    norm(ours + "norm", HEAD + "transform.LayerNorm");
  }

  private void norm(String ours, String theirs) {
    keys.rename(ours + ".weight", theirs + (gamma ? ".gamma" : ".weight"));
    keys.rename(ours + ".bias", theirs + (gamma ? ".beta" : ".bias"));
  }

  /** Parts for tasks that are not supported: next sentence prediction, classification. */
  private KeyMap.Builder ignoring() {
    return keys.ignore("*pooler.dense.*").ignore("cls.seq_relationship.*").ignore("*.position_ids");
  }
}
