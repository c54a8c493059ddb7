package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.nn.KeyMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class QformerNamesTest {
  private static final KeyMap LAVIS = QformerNames.addLavis(KeyMap.builder()).build();
  private static final KeyMap HUGGING_FACE = QformerNames.addHuggingFace(KeyMap.builder()).build();

  @ParameterizedTest
  @CsvSource({
    "queries, query_tokens, query_tokens",
    "visionNorm.weight, ln_vision.weight, vision_model.post_layernorm.weight",
    "visionProjection.bias, vision_proj.bias, vision_projection.bias",
    "textProjection.bias, text_proj.bias, text_projection.bias",
    "matching.weight, itm_head.weight, itm_head.weight",
    "temperature, temp, temp",
    "head.transform.bias, Qformer.cls.predictions.transform.dense.bias,"
        + " Qformer.cls.predictions.transform.dense.bias",
    "head.norm.bias, Qformer.cls.predictions.transform.LayerNorm.bias,"
        + " Qformer.cls.predictions.transform.LayerNorm.bias",
    "head.bias, Qformer.cls.predictions.bias, Qformer.cls.predictions.bias",
    "qformer.embeddings.words.weight, Qformer.bert.embeddings.word_embeddings.weight,"
        + " embeddings.word_embeddings.weight",
    "qformer.embeddings.positions.weight, Qformer.bert.embeddings.position_embeddings.weight,"
        + " embeddings.position_embeddings.weight",
    "qformer.embeddings.norm.bias, Qformer.bert.embeddings.LayerNorm.bias, qformer.layernorm.bias",
    "qformer.layers.2.attention.key.bias, Qformer.bert.encoder.layer.2.attention.self.key.bias,"
        + " qformer.encoder.layer.2.attention.attention.key.bias",
    "qformer.layers.2.imageAttention.value.bias,"
        + " Qformer.bert.encoder.layer.2.crossattention.self.value.bias,"
        + " qformer.encoder.layer.2.crossattention.attention.value.bias",
    "qformer.layers.2.imageAttention.norm.bias,"
        + " Qformer.bert.encoder.layer.2.crossattention.output.LayerNorm.bias,"
        + " qformer.encoder.layer.2.crossattention.output.LayerNorm.bias",
    "qformer.layers.11.queryMlp.up.weight,"
        + " Qformer.bert.encoder.layer.11.intermediate_query.dense.weight,"
        + " qformer.encoder.layer.11.intermediate_query.dense.weight",
    "qformer.layers.11.textMlp.down.weight, Qformer.bert.encoder.layer.11.output.dense.weight,"
        + " qformer.encoder.layer.11.output.dense.weight",
    "qformer.layers.11.textMlp.norm.weight, Qformer.bert.encoder.layer.11.output.LayerNorm.weight,"
        + " qformer.encoder.layer.11.output.LayerNorm.weight"
  })
  void toStored_ours_isTheirs(String ours, String lavis, String huggingFace) {
    assertEquals(new KeyMap.Key(lavis, 0, 1), LAVIS.toStored(ours));
    assertEquals(new KeyMap.Key(huggingFace, 0, 1), HUGGING_FACE.toStored(ours));
  }

  @Test
  void ignores_onlyWhatCarriesNoWeights() {
    assertTrue(LAVIS.ignores("Qformer.bert.embeddings.position_ids"));
    assertTrue(HUGGING_FACE.ignores("embeddings.position_ids"));
    assertFalse(LAVIS.ignores("temp"));
    assertFalse(LAVIS.ignores("Qformer.cls.predictions.decoder.weight"));
  }
}
