package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.ConfigText;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.tensor.Activation;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class BertConfigTest {
  @Test
  void fromJson_empty_isTheReleasedSize() throws CheckpointException {
    assertEquals(BertConfig.blip2(), BertConfig.fromJson(ConfigText.of("{}"), 1408));
  }

  @Test
  void fromJson_everyKey_isRead() throws CheckpointException {
    String json =
        """
        {"hidden_size": 20, "num_hidden_layers": 3, "num_attention_heads": 5,
         "intermediate_size": 30, "encoder_hidden_size": 99, "cross_attention_frequency": 4,
         "vocab_size": 50, "max_position_embeddings": 7, "use_qformer_text_input": true,
         "hidden_act": "relu", "layer_norm_eps": 1e-3, "hidden_dropout_prob": 0.25,
         "attention_probs_dropout_prob": 0.5}
        """;

    BertConfig config = BertConfig.fromJson(ConfigText.of(json), 11);

    assertEquals(
        List.of(20, 3, 5, 30),
        List.of(config.dim(), config.layers(), config.heads(), config.mlpDim()));
    assertEquals(11, config.encoderDim(), "the vision width overrules the file");
    assertEquals(4, config.crossAttentionEvery());
    assertEquals(50, config.vocabSize());
    assertEquals(7, config.maxPositions());
    assertTrue(config.text());
    assertEquals(Activation.RELU, config.activation());
    assertEquals(1e-3, config.normEps());
    assertEquals(0.25, config.dropout());
    assertEquals(0.5, config.attentionDropout());
  }

  @Test
  void fromJson_olderNameOfTheTextSide_isRead() throws CheckpointException {
    var json = ConfigText.of("{\"qformer_text_input\": true}");

    assertTrue(BertConfig.fromJson(json, 1408).text());
  }

  @Test
  void readsImageAt_everyOtherLayer_fromTheFirst() {
    List<Integer> reading =
        IntStream.range(0, 12).filter(BertConfig.blip2()::readsImageAt).boxed().toList();

    assertEquals(List.of(0, 2, 4, 6, 8, 10), reading);
  }

  @Test
  void heads_thatDoNotDivide_areRefused() {
    var json = ConfigText.of("{\"hidden_size\": 30, \"num_attention_heads\": 4}");

    var e = assertThrows(IllegalArgumentException.class, () -> BertConfig.fromJson(json, 1408));

    assertEquals("BertConfig: heads must divide dim, got heads=4, dim=30", e.getMessage());
  }

  @Test
  void crossAttention_never_isRefused() {
    var json = ConfigText.of("{\"cross_attention_frequency\": 0}");

    var e = assertThrows(CheckpointException.class, () -> BertConfig.fromJson(json, 1408));

    assertEquals(
        "config.json: cross_attention_frequency expected 1 to 1073741824, got 0", e.getMessage());
  }
}
