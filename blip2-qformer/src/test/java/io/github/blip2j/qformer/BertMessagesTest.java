package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/** What a Q-Former says when it is used wrongly. */
@ExtendWith(InScope.class)
final class BertMessagesTest {
  private static final ForwardPass PASS = ForwardPass.evaluation();

  private Scope scope;
  private BertModel bert;
  private final int[][] keep = {{1, 1, 1}, {1, 1, 1}};

  @BeforeEach
  void build(Scope scope) {
    this.scope = scope;
    bert = model(true);
  }

  @Test
  void text_ofQueriesOnly_isRefused() {
    BertModel queriesOnly = model(false);

    assertMessage(
        IllegalStateException.class,
        "qformer.embeddings: text expected a Q-Former with a text side, got one with queries only",
        () -> queriesOnly.encodeText(ids(2, 3), keep, PASS));
    assertMessage(
        IllegalStateException.class,
        "qformer.embeddings: text expected a Q-Former with a text side, got one with queries only",
        () -> queriesOnly.encodeJoint(zeros(2, 4, 12), ids(2, 3), keep, zeros(2, 7, 10), PASS));
  }

  @Test
  void textStream_ofQueriesOnly_isRefusedByTheLayer() {
    var encoder = new BertEncoder(TinyBert.config(false), params().at("layers"));

    assertMessage(
        IllegalStateException.class,
        "qformer.layers.0: text expected a Q-Former with a text side, got one with queries only",
        () ->
            encoder.forward(QueriesAndText.ofText(zeros(2, 3, 12)), null, Mask.none(), null, PASS));
  }

  @Test
  void queries_withoutImage_areRefused() {
    var encoder = new BertEncoder(TinyBert.config(true), params().at("layers"));

    assertMessage(
        IllegalArgumentException.class,
        "qformer.layers.0: image features expected, got none",
        () ->
            encoder.forward(
                QueriesAndText.ofQueries(zeros(2, 4, 12)), null, Mask.none(), null, PASS));
  }

  @Test
  void queries_ofWrongWidth_areRefused() {
    assertMessage(
        IllegalArgumentException.class,
        "qformer: queries expected [?, ?, 12], got [2, 4, 13]",
        () -> bert.encodeQueries(zeros(2, 4, 13), zeros(2, 7, 10), PASS));
  }

  @Test
  void image_ofWrongWidthOrBatch_isRefused() {
    assertMessage(
        IllegalArgumentException.class,
        "qformer: image expected [2, ?, 10], got [2, 7, 12]",
        () -> bert.encodeQueries(zeros(2, 4, 12), zeros(2, 7, 12), PASS));
    assertMessage(
        IllegalArgumentException.class,
        "qformer: image expected [2, ?, 10], got [1, 7, 10]",
        () -> bert.encodeJoint(zeros(2, 4, 12), ids(2, 3), keep, zeros(1, 7, 10), PASS));
  }

  @Test
  void text_ofAnotherBatchThanTheQueries_isRefused() {
    assertMessage(
        IllegalArgumentException.class,
        "qformer: ids expected [3, ?], got [2, 3]",
        () -> bert.encodeJoint(zeros(3, 4, 12), ids(2, 3), keep, zeros(3, 7, 10), PASS));
  }

  @Test
  void textMask_ofAnotherShape_isRefused() {
    assertMessage(
        IllegalArgumentException.class,
        "qformer: textMask rows expected [2], got [1]",
        () -> bert.encodeText(ids(2, 3), new int[][] {{1, 1, 1}}, PASS));
    assertMessage(
        IllegalArgumentException.class,
        "qformer: textMask row expected [3], got [2]",
        () -> bert.encodeText(ids(2, 3), new int[][] {{1, 1, 1}, {1, 1}}, PASS));
  }

  @Test
  void text_longerThanThePositions_isRefused() {
    assertMessage(
        IllegalArgumentException.class,
        "qformer.embeddings: text of 7 tokens exceeds maxPositions=6; shorten it",
        () -> bert.encodeText(ids(1, 7), new int[1][7], PASS));
  }

  @Test
  void text_idOutsideTheVocabulary_isRefused() {
    assertMessage(
        IllegalArgumentException.class,
        "qformer.embeddings.words: ids expected 0 to 16, got 17",
        () -> bert.encodeText(Tensor.of(new long[] {17}, 1, 1), new int[][] {{1}}, PASS));
  }

  @Test
  void streams_ofNothing_areRefused() {
    assertMessage(
        IllegalArgumentException.class,
        "streams: expected queries or text, got neither",
        () -> new QueriesAndText(null, null));
  }

  private static void assertMessage(
      Class<? extends RuntimeException> type, String message, Executable call) {
    assertEquals(message, assertThrows(type, call).getMessage());
  }

  private BertModel model(boolean text) {
    return new BertModel(TinyBert.config(text), params());
  }

  private Params params() {
    return NoisyWeights.params(scope, 3).at("qformer");
  }

  private static Tensor zeros(long... shape) {
    return Tensor.zeros(DType.FLOAT32, shape);
  }

  private static Tensor ids(long... shape) {
    return Tensor.zeros(DType.INT64, shape);
  }
}
