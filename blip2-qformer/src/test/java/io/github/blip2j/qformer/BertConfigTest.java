package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.ConfigText;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.Activation;
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

  @Test
  void fromPlainJson_empty_isBertBase() throws CheckpointException {
    BertConfig config = BertConfig.fromPlainJson(ConfigText.of("{}"));

    assertEquals(BertConfig.bertBase(), config);
    assertEquals(2, config.tokenTypes());
    assertTrue(config.text());
    assertEquals(0, IntStream.range(0, 12).filter(config::readsImageAt).count());
  }

  @Test
  void fromPlainJson_decoder_readsInEveryLayerIfItReads() throws CheckpointException {
    BertConfig alone = BertConfig.fromPlainJson(ConfigText.of("{\"is_decoder\": true}"));
    BertConfig reading =
        BertConfig.fromPlainJson(
            ConfigText.of("{\"is_decoder\": true, \"add_cross_attention\": true}"));

    assertEquals(BertKind.DECODER, alone.kind());
    assertEquals(BertKind.CROSS_DECODER, reading.kind());
    assertEquals(12, IntStream.range(0, 12).filter(reading::readsImageAt).count());
    assertEquals(768, reading.encoderDim());
  }

  @Test
  void fromPlainJson_ofSomethingElse_isRefused() {
    assertRefused(
        "{\"model_type\": \"roberta\"}", "config.json: model_type expected bert, got roberta");
    assertRefused(
        "{\"position_embedding_type\": \"relative_key\"}",
        "config.json: position_embedding_type expected absolute, got relative_key");
    assertRefused(
        "{\"add_cross_attention\": true}",
        "config.json: add_cross_attention expected with is_decoder only, got it in an encoder");
  }

  @Test
  void asQFormer_ofBertBase_isTheReleasedOneWithText() {
    BertConfig grown = BertConfig.bertBase().asQFormer(1408, 2).withVocabSize(30523);

    assertEquals(BertConfig.blip2().withTextSide().withVocabSize(30523), grown);
    assertEquals(0, grown.withDropout(0, 0.3).dropout());
    assertEquals(0.3, grown.withDropout(0, 0.3).attentionDropout());
  }

  @Test
  void impossibleSizes_areRefused() {
    BertConfig plain = BertConfig.bertBase();

    var vocabulary = assertThrows(IllegalArgumentException.class, () -> plain.withVocabSize(0));
    var every = assertThrows(IllegalArgumentException.class, () -> plain.asQFormer(1408, 0));
    var nothing = assertThrows(IllegalArgumentException.class, BertConfigTest::decoderWithoutText);

    assertEquals(
        "BertConfig: vocabSize must be positive and tokenTypes not negative, got 0 and 2",
        vocabulary.getMessage());
    assertEquals("BertConfig: crossAttentionEvery must be positive, got 0", every.getMessage());
    assertEquals(
        "BertConfig: text must flow where no queries do, got kind=DECODER without text",
        nothing.getMessage());
  }

  private static BertConfig decoderWithoutText() {
    return new BertConfig(
        BertKind.DECODER, 8, 1, 2, 8, 8, 1, 9, 9, 0, false, Activation.GELU, 1e-12, 0, 0);
  }

  private static void assertRefused(String json, String message) {
    var e =
        assertThrows(
            CheckpointException.class, () -> BertConfig.fromPlainJson(ConfigText.of(json)));
    assertEquals(message, e.getMessage());
  }
}
