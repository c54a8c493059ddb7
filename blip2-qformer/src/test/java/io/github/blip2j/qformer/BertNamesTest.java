package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.nn.KeyMap;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class BertNamesTest {
  private static final Set<String> OLD =
      Set.of("bert.embeddings.LayerNorm.gamma", "bert.embeddings.LayerNorm.beta");
  private static final Set<String> BARE = Set.of("embeddings.LayerNorm.weight");

  @Test
  void withHead_oldSpelling_hasGammaAndBeta() {
    KeyMap keys = BertNames.withHead(OLD);

    assertStored(keys, "bert.embeddings.norm.weight", "bert.embeddings.LayerNorm.gamma");
    assertStored(
        keys,
        "bert.layers.7.attention.norm.bias",
        "bert.encoder.layer.7.attention.output.LayerNorm.beta");
    assertStored(keys, "head.norm.weight", "cls.predictions.transform.LayerNorm.gamma");
    assertStored(
        keys, "bert.layers.7.textMlp.up.weight", "bert.encoder.layer.7.intermediate.dense.weight");
    assertStored(keys, "head.bias", "cls.predictions.bias");
  }

  @Test
  void body_withoutPrefix_readsBareNames() {
    KeyMap keys = BertNames.body(BARE);

    assertStored(keys, "embeddings.norm.weight", "embeddings.LayerNorm.weight");
    assertStored(
        keys,
        "layers.0.crossAttention.key.weight",
        "encoder.layer.0.crossattention.self.key.weight");
    assertStored(keys, "embeddings.types.weight", "embeddings.token_type_embeddings.weight");
  }

  @Test
  void body_withPrefix_readsIt() {
    assertStored(
        BertNames.body(OLD),
        "layers.0.textMlp.down.bias",
        "bert.encoder.layer.0.output.dense.bias");
  }

  /** The table of words is tied to the matrix that predicts them; a file may hold either. */
  @Test
  void tiedTensors_areFoundUnderEitherName() {
    assertEquals(
        List.of("bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"),
        names(BertNames.withHead(OLD), "bert.embeddings.words.weight"));
    assertEquals(
        List.of("cls.predictions.bias", "cls.predictions.decoder.bias"),
        names(BertNames.withHead(OLD), "head.bias"));
    assertEquals(
        List.of("embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"),
        names(BertNames.body(BARE), "embeddings.words.weight"));
    assertEquals(
        List.of(
            "Qformer.bert.embeddings.word_embeddings.weight",
            "Qformer.cls.predictions.decoder.weight"),
        names(QformerNames.addLavis(KeyMap.builder()).build(), "qformer.embeddings.words.weight"));
    assertEquals(
        List.of("embeddings.word_embeddings.weight", "Qformer.cls.predictions.decoder.weight"),
        names(
            QformerNames.addHuggingFace(KeyMap.builder()).build(),
            "qformer.embeddings.words.weight"));
  }

  private static List<String> names(KeyMap keys, String ours) {
    return keys.candidates(ours).stream().map(KeyMap.Key::name).toList();
  }

  @Test
  void headsOfOtherTasks_areIgnored_thatOfTheModelIsNot() {
    for (String name :
        new String[] {
          "bert.pooler.dense.weight",
          "pooler.dense.bias",
          "cls.seq_relationship.weight",
          "bert.embeddings.position_ids"
        }) {
      assertTrue(BertNames.withHead(OLD).ignores(name), name);
      assertTrue(BertNames.body(OLD).ignores(name), name);
    }
    assertTrue(BertNames.body(OLD).ignores("cls.predictions.bias"));
    assertFalse(BertNames.withHead(OLD).ignores("cls.predictions.bias"));
    assertFalse(BertNames.withHead(OLD).ignores("cls.predictions.decoder.weight"));
    assertFalse(BertNames.withHead(OLD).ignores("bert.embeddings.token_type_embeddings.weight"));
  }

  private static void assertStored(KeyMap keys, String ours, String theirs) {
    assertEquals(theirs, keys.toStored(ours).name());
  }
}
