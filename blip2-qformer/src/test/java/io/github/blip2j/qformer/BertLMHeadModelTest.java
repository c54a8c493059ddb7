package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

@ExtendWith(InScope.class)
final class BertLMHeadModelTest {
  private static final double FLOAT32 = 1e-5;
  private static final ForwardPass PASS = ForwardPass.evaluation();

  private final Random random = new Random(7);
  private Scope scope;
  private Params params;
  private Tensor ids;
  private Tensor context;

  @BeforeEach
  void build(Scope scope) {
    this.scope = scope;
    params = NoisyWeights.params(scope, 3);
    ids = Tensor.of(new long[] {3, 16, 5, 9, 2, 1, 8, 4, 0, 0}, 2, 5);
    context = NoisyWeights.tensor(random, 2, 7, TinyBert.DIM);
  }

  @Test
  void loss_sendsTheTiedTableGradientsFromBothEnds() {
    BertLMHeadModel model = model(BertKind.ENCODER);
    Parameter words = parameter("lm.bert.embeddings.words.weight");
    words.train();

    Tensor hidden = model.bert().forward(BertInput.ofIds(ids), PASS);
    model.loss(hidden, ids, TokenLoss.ofSameToken()).backward();

    Tensor gradient = words.gradient();
    float[] row = Objects.requireNonNull(gradient).select(0, 7).copy().toFloats();
    assertFalse(Arrays.equals(new float[row.length], row), "no input has id 7, but it is scored");
  }

  @Test
  void encoder_seesBothWays_decoderOnlyWhatCameBefore() {
    Tensor changed = Tensor.of(new long[] {3, 16, 5, 9, 7, 1, 8, 4, 0, 7}, 2, 5);

    assertFalse(
        Arrays.equals(firstWords(BertKind.ENCODER, ids), firstWords(BertKind.ENCODER, changed)));
    assertArrayEquals(firstWords(BertKind.DECODER, ids), firstWords(BertKind.DECODER, changed));
  }

  @Test
  void decoder_wordByWord_isTheSameAsAtOnce() {
    BertLMHeadModel model = model(BertKind.CROSS_DECODER);
    CrossAttentionKeyValues read = model.bert().contextKeyValues(context, null);
    Tensor all = model.forward(BertInput.ofIds(ids).withContext(read), PASS);
    KeyValueCache cache = model.bert().cache(5);

    for (int t = 0; t < 5; t++) {
      BertInput word = BertInput.ofIds(ids.narrow(1, t, 1).copy());
      Tensor next = model.nextLogits(word.withContext(read).withCache(cache));

      Golden.assertClose("word " + t, all.select(1, t).copy().toFloats(), next.toFloats(), FLOAT32);
    }
  }

  @Test
  void crossDecoder_withoutContext_readsOnlyItself() {
    BertLMHeadModel model = model(BertKind.CROSS_DECODER);

    float[] alone = model.forward(BertInput.ofIds(ids), PASS).toFloats();
    float[] reading = model.forward(BertInput.ofIds(ids).withContext(context), PASS).toFloats();

    assertFalse(Arrays.equals(alone, reading));
  }

  @Test
  void tokenTypes_absent_areTheFirst() {
    BertModel bert = model(BertKind.ENCODER).bert();
    Tensor first = Tensor.of(new long[10], 2, 5);
    Tensor second = Tensor.of(new long[] {0, 0, 0, 1, 1, 0, 0, 0, 1, 1}, 2, 5);

    float[] none = bert.forward(BertInput.ofIds(ids), PASS).toFloats();

    assertArrayEquals(
        none, bert.forward(BertInput.ofIds(ids).withTokenTypes(first), PASS).toFloats());
    assertFalse(
        Arrays.equals(
            none, bert.forward(BertInput.ofIds(ids).withTokenTypes(second), PASS).toFloats()));
  }

  @Test
  void embeddings_ofTheWords_areTheWords() {
    BertModel bert = model(BertKind.ENCODER).bert();
    Tensor vectors = parameter("lm.bert.embeddings.words.weight").value().gather(ids);

    assertArrayEquals(
        bert.forward(BertInput.ofIds(ids), PASS).toFloats(),
        bert.forward(BertInput.ofEmbeddings(vectors), PASS).toFloats());
  }

  @Test
  void packed_inBfloat16_staysClose() {
    float[] exact = model(BertKind.ENCODER).forward(BertInput.ofIds(ids), PASS).toFloats();
    Params packed = NoisyWeights.params(scope, 3).packed(Precision.BFLOAT16);
    var model = new BertLMHeadModel(TinyBert.plain(BertKind.ENCODER), packed.at("lm"));

    float[] narrow = model.forward(BertInput.ofIds(ids), PASS).toFloats();

    Golden.assertClose("logits", exact, narrow, 0.5); // of values up to 10
  }

  @Test
  void head_withoutText_isRefused() {
    assertMessage(
        "lm: text side expected under a language-model head, got queries only",
        () -> new BertLMHeadModel(TinyBert.config(false), params.at("lm")));
  }

  @Test
  void input_ofWrongShape_isRefused() {
    BertModel bert = model(BertKind.CROSS_DECODER).bert();
    BertInput input = BertInput.ofIds(ids);

    assertMessage(
        "lm.bert: mask row expected [5], got [2]",
        () -> bert.forward(input.withMask(new int[][] {{1, 1}, {1, 1}}), PASS));
    assertMessage(
        "lm.bert: tokenTypes expected [2, 5], got [1, 2]",
        () -> bert.forward(input.withTokenTypes(Tensor.of(new long[2], 1, 2)), PASS));
    assertMessage(
        "lm.bert: embeddings expected [?, ?, 12], got [2, 5, 11]",
        () -> bert.forward(BertInput.ofEmbeddings(zeros(2, 5, 11)), PASS));
    assertMessage(
        "lm.bert: image rows expected [2], got [3]",
        () -> bert.forward(input.withContext(zeros(3, 7, 12)), PASS));
  }

  @Test
  void context_forAnEncoder_isRefused() {
    BertModel bert = model(BertKind.ENCODER).bert();

    assertMessage(
        "lm.bert: context expected in a BERT with cross-attention, got kind=ENCODER",
        () -> bert.forward(BertInput.ofIds(ids).withContext(context), PASS));
  }

  @Test
  void tokenTypes_ofAQFormer_areRefused() {
    var bert = new BertModel(TinyBert.config(true), params.at("qformer"));
    BertInput input = BertInput.ofIds(ids).withTokenTypes(Tensor.of(new long[10], 2, 5));

    assertMessage(
        "qformer.embeddings: token types expected in a BERT that has some, got them in one without",
        () -> bert.forward(input, PASS));
  }

  @Test
  void context_ofAQFormersText_isRefused() {
    var bert = new BertModel(TinyBert.config(true), params.at("qformer"));
    Tensor image = zeros(2, 7, TinyBert.ENCODER_DIM);

    assertMessage(
        "qformer: context expected for queries, got one for text; use encodeJoint or decodeJoint",
        () -> bert.forward(BertInput.ofIds(ids).withContext(image), PASS));
  }

  @Test
  void queries_ofAPlainBert_areRefused() {
    BertModel bert = model(BertKind.CROSS_DECODER).bert();

    var e =
        assertThrows(
            IllegalStateException.class,
            () -> bert.encodeQueries(zeros(2, 4, 12), zeros(2, 7, 12), PASS));

    assertEquals(
        "lm.bert.layers.0: queries expected in a Q-Former, got a plain BERT", e.getMessage());
  }

  private float[] firstWords(BertKind kind, Tensor words) {
    var model = new BertModel(TinyBert.plain(kind), NoisyWeights.params(scope, 3));
    Tensor seen = model.forward(BertInput.ofIds(words), PASS);
    return seen.narrow(1, 0, 4).copy().toFloats();
  }

  private BertLMHeadModel model(BertKind kind) {
    return new BertLMHeadModel(TinyBert.plain(kind), params.at("lm"));
  }

  private Parameter parameter(String name) {
    return Objects.requireNonNull(params.all().get(name), name);
  }

  private static Tensor zeros(long... shape) {
    return Tensor.zeros(DType.FLOAT32, shape);
  }

  private static void assertMessage(String message, Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
