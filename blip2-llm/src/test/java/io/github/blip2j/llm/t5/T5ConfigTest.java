package io.github.blip2j.llm.t5;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.ConfigText;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.Activation;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class T5ConfigTest {

  /** As in transformers 5.18, which has no first token if both are null. */
  @Test
  void fromJson_decoderStartThatIsNull_isTheStartOfAText() throws IOException {
    assertEquals(0, read("{}").startId());
    assertEquals(5, read("{\"decoder_start_token_id\": null, \"bos_token_id\": 5}").startId());
    assertThrows(CheckpointException.class, () -> read("{\"decoder_start_token_id\": null}"));
  }

  @Test
  void fromJson_withoutValues_readsT5Small() throws CheckpointException {
    T5Config config = read("{}");

    assertEquals(512, config.dim());
    assertEquals(64, config.headDim());
    assertEquals(6, config.encoderLayers());
    assertEquals(6, config.decoderLayers());
    assertEquals(128, config.maxDistance());
    assertEquals(List.of(1), config.endIds());
    assertEquals(0, config.startId());
    assertEquals(1, config.beginId());
  }

  /** As {@code MT5Config} has it in transformers. */
  @Test
  void fromJson_mt5WithoutValues_readsMT5Small() throws CheckpointException {
    T5Config config = read("{\"model_type\": \"mt5\"}");

    assertEquals(8, config.encoderLayers());
    assertEquals(8, config.decoderLayers());
    assertEquals(6, config.heads());
    assertEquals(1024, config.mlpDim());
    assertEquals(250112, config.vocabSize());
    assertTrue(config.gated());
    assertEquals(Activation.GELU_TANH, config.activation());
    assertFalse(config.scaledHead());
  }

  @Test
  void fromJson_decoderOfItsOwn_hasItsLayers() throws CheckpointException {
    assertEquals(4, read("{\"num_layers\": 3, \"num_decoder_layers\": 4}").decoderLayers());
    assertEquals(3, read("{\"num_layers\": 3, \"num_decoder_layers\": null}").decoderLayers());
  }

  /** As transformers 5.18 reads them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "relu       | -    | false | RELU",
        "gelu       | -    | false | GELU",
        "gated-gelu | -    | true  | GELU_TANH",
        "gated-gelu | gelu | true  | GELU",
        "gated-silu | -    | true  | SILU",
        "gated-relu | gelu_new | true | GELU_TANH"
      })
  void fromJson_perceptron_followsItsNames(
      String projection, String denseAct, boolean gated, Activation activation)
      throws CheckpointException {
    String own = denseAct == null ? "" : ", \"dense_act_fn\": \"" + denseAct + "\"";

    T5Config config = read("{\"feed_forward_proj\": \"" + projection + "\"" + own + "}");

    assertEquals(gated, config.gated());
    assertEquals(activation, config.activation());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}                                                               | true",
        "{\"tie_word_embeddings\": null}                                  | true",
        "{\"tie_word_embeddings\": true}                                  | true",
        "{\"tie_word_embeddings\": false}                                 | false",
        "{\"tie_word_embeddings\": true, \"scale_decoder_outputs\": false} | false",
        "{\"tie_word_embeddings\": false, \"scale_decoder_outputs\": true} | true"
      })
  void fromJson_head_isScaledUnlessSaidOtherwise(String json, boolean scaled)
      throws CheckpointException {
    assertEquals(scaled, read(json).scaledHead());
  }

  @Test
  void fromJson_unknownActivation_isRefused() {
    var thrown =
        assertThrows(
            IllegalArgumentException.class, () -> read("{\"feed_forward_proj\": \"gated-tan\"}"));

    assertEquals(
        "activation: name expected gelu, gelu_new, quick_gelu, relu or silu, got tan",
        thrown.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"3, 128", "32, 16"})
  void fromJson_bucketsThatHoldNothing_areRefused(int buckets, int distance) {
    var thrown =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                read(
                    String.format(
                        Locale.ROOT,
                        "{\"relative_attention_num_buckets\": %d, \"relative_attention_max_distance\": %d}",
                        buckets,
                        distance)));

    assertEquals(
        "T5Config: positionBuckets expected at least 4 and maxDistance above half of them, got"
            + String.format(Locale.ROOT, " positionBuckets=%d, maxDistance=%d", buckets, distance),
        thrown.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "pad_token_id, padId",
    "eos_token_id, endId",
    "bos_token_id, beginId",
    "decoder_start_token_id, startId"
  })
  void fromJson_tokenBeyondVocabulary_isRefused(String key, String name) {
    String start = key.equals("pad_token_id") ? "\"decoder_start_token_id\": 0, " : "";
    String begin = key.equals("eos_token_id") ? "\"bos_token_id\": 0, " : "";

    var thrown =
        assertThrows(
            IllegalArgumentException.class,
            () -> read(String.format(Locale.ROOT, "{%s%s\"%s\": 32128}", start, begin, key)));

    assertEquals("T5Config: " + name + " expected 0 to 32127, got 32128", thrown.getMessage());
  }

  private static T5Config read(String json) throws CheckpointException {
    return T5Config.fromJson(ConfigText.of(json));
  }
}
