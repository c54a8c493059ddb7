package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(InScope.class)
final class StageTwoTrainingTest {
  private static final int IGNORED = TokenLoss.IGNORED;

  private final Path folder;
  private final Scope home = Scope.detached();
  private final StageTwoModel model;
  private final HuggingFaceTokenizer tokenizer;
  private final StageTwoTraining training;

  StageTwoTrainingTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.model = StageTwoModel.load(Speech.OPT, home, StageTwoSetup.lavis());
    this.tokenizer = HuggingFaceTokenizer.open(Speech.OPT);
    this.training = StageTwoTraining.of(model, tokenizer);
  }

  @AfterEach
  void close() {
    tokenizer.close();
    home.close();
  }

  @Test
  void tokens_ofCaptions_endWithALineAndAreAllLabelled() throws IOException {
    List<PairTokens> tokens = tokens(training, Speech.batch(folder, "a red circle", "a star"));

    int[] expected = tokenizer.encode("a red circle\n");
    assertEquals(2, expected[0]); // </s>
    assertArrayEquals(expected, tokens.get(0).text());
    assertArrayEquals(expected, tokens.get(0).labels());
    assertArrayEquals(tokenizer.encode("a star\n"), tokens.get(1).labels());
  }

  @Test
  void tokens_behindAPrompt_areLabelledAfterIt() throws IOException {
    int given = tokenizer.encode("a photo of").length;
    int[] whole = tokenizer.encode("a photo of a red circle\n");

    for (String prompt : List.of("a photo of", "a photo of ")) {
      var tokens = tokens(training.withPrompt(prompt), Speech.batch(folder, "a red circle"));

      assertArrayEquals(whole, tokens.get(0).text());
      int[] labels = tokens.get(0).labels();
      for (int t = 0; t < labels.length; t++) {
        assertEquals(t < given ? IGNORED : whole[t], labels[t]);
      }
    }
  }

  @Test
  void tokens_withAnInputOfTheirOwn_areLabelledAfterThat() throws IOException {
    CaptionBatch plain = Speech.batch(folder, "red");
    String question = "Question: what color is the star? Answer:";
    var asked =
        new CaptionBatch(plain.pixels(), List.of("red"), plain.ids(), List.of(), List.of(question));

    var tokens = tokens(training.withPrompt("a photo of").withMaxTextTokens(40), asked);

    assertArrayEquals(tokenizer.encode(question + " red\n"), tokens.get(0).text());
    int[] labels = tokens.get(0).labels();
    int given = tokenizer.encode(question).length;
    assertEquals(IGNORED, labels[given - 1]);
    assertEquals(tokens.get(0).text()[given], labels[given]);
  }

  @Test
  void tokens_ofALongCaption_loseTheirEnd() throws IOException {
    var tokens =
        tokens(training, Speech.batch(folder, "a red star above a orange cross ".repeat(9)));

    assertEquals(32, tokens.get(0).text().length);
    assertEquals(32, tokens.get(0).labels().length);
  }

  @Test
  void tokens_inputThatEndsInSpaces_areThoseWithOne() {
    PairTokens plain = PairTokens.continued(new TextPair("a", "who? A:", "he"), tokenizer, 32);
    PairTokens spaces = PairTokens.continued(new TextPair("a", "who? A:  ", "he"), tokenizer, 32);
    PairTokens blank = PairTokens.continued(new TextPair("a", " ", "he"), tokenizer, 32);

    assertArrayEquals(tokenizer.encode("who? A: he\n"), spaces.text());
    assertArrayEquals(plain.labels(), spaces.labels());
    assertArrayEquals(tokenizer.encode("he\n"), blank.labels());
  }

  @Test
  void tokens_inputThatFillsAll_isRefused() throws IOException {
    StageTwoTraining cramped = training.withPrompt("a photo of a").withMaxTextTokens(4);
    CaptionBatch batch = Speech.batch(folder, "star");

    var e = assertThrows(IllegalArgumentException.class, () -> tokens(cramped, batch));

    int given = tokenizer.encode("a photo of a").length;
    assertEquals(
        String.format(
                Locale.ROOT,
                "stage2: input about %s expected fewer than maxTextTokens=4 tokens, got %d; shorten it or",
                batch.ids().get(0),
                given)
            + " allow more",
        e.getMessage());
  }

  @Test
  void tokens_emptyCaption_isRefused() throws IOException {
    CaptionBatch batch = Speech.batch(folder, "a star", " ");

    var e = assertThrows(IllegalArgumentException.class, () -> tokens(training, batch));

    assertEquals(
        String.format(
            Locale.ROOT,
            "stage2: caption of %s expected text, got none; leave the record out",
            batch.ids().get(1)),
        e.getMessage());
  }

  @Test
  void backward_withATrainedTower_reachesItToo() throws IOException {
    try (Scope other = Scope.detached()) {
      StageTwoModel whole =
          StageTwoModel.load(Speech.OPT, other, StageTwoSetup.lavis().withTrainedVision(true));

      StageTwoTraining.of(whole, tokenizer).losses(batch(2), Speech.random(1)).total().backward();

      for (Parameter parameter : whole.parameters().values()) {
        boolean frozen = parameter.name().startsWith("language.");
        assertEquals(!frozen, parameter.gradient() != null, parameter.name());
      }
    }
  }

  @Test
  void backward_throughNarrowFrozenWeights_isCloseToFloat32() throws IOException {
    double[] exact = gradient(model);
    for (Precision precision : List.of(Precision.BFLOAT16, Precision.INT8)) {
      try (Scope other = Scope.detached()) {
        double[] rounded =
            gradient(
                StageTwoModel.load(
                    Speech.OPT, other, StageTwoSetup.lavis().withFrozenPrecision(precision)));

        assertTrue(cosine(exact, rounded) > 0.98, precision + " " + cosine(exact, rounded));
      }
    }
  }

  @Test
  void losses_withLanguageDropout_varyWithItsSource() throws IOException {
    CaptionBatch batch = batch(3);
    var dropping = Speech.withDropout(folder, 0.3);
    try (Scope other = Scope.detached()) {
      var thinned =
          StageTwoTraining.of(
              StageTwoModel.load(dropping, other, StageTwoSetup.lavis()), tokenizer);

      double on = thinned.losses(batch, Speech.random(1)).total().item();
      double again = thinned.losses(batch, Speech.random(1)).total().item();
      double off =
          thinned.withLanguageDropout(false).losses(batch, Speech.random(1)).total().item();
      double without = training.losses(batch, Speech.random(1)).total().item();

      assertEquals(on, again);
      assertNotEquals(on, off);
      assertEquals(without, off, "the same model, evaluating");
    }
  }

  @Test
  void withPrefixSplit_ofADecoder_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, training::withPrefixSplit);

    assertEquals(
        "stage2: prefix split expected with an encoder, got opt; leave it out", e.getMessage());
  }

  @Test
  void withMaxTextTokens_one_isRefused() {
    var e = assertThrows(IllegalArgumentException.class, () -> training.withMaxTextTokens(1));

    assertEquals("stage2: maxTextTokens expected at least 2, got 1", e.getMessage());
  }

  @Test
  void forward_handsOutWhatTheModelGives() throws IOException {
    CaptionBatch batch = batch(3);
    try (var off = GradMode.noGrad()) {
      ForwardPass evaluation = ForwardPass.evaluation();
      StageTwoPass pass = training.forward(batch, evaluation);

      assertEqual(model.encodeImage(batch.pixels(), evaluation), pass.image());
      assertEqual(model.blip2().encodeQueries(pass.image(), evaluation), pass.queries());
      assertEqual(model.imagePrompt(batch.pixels(), evaluation), pass.prompts());
      Tensor again = model.blip2().loss(pass.prompts(), pass.text(), pass.labels(), evaluation);
      assertEquals(again.item(), pass.losses().total().item(), 1e-6);
      assertEquals(training.losses(batch, evaluation).total().item(), pass.loss().item(), 1e-6);
      assertEquals(3, pass.labels().size());
      assertNull(pass.instructions(), "this Q-Former takes no text");
    }
  }

  private static void assertEqual(Tensor expected, Tensor actual) {
    assertEquals(expected.shape(), actual.shape());
    assertArrayEquals(expected.toFloats(), actual.toFloats(), 1e-6f);
  }

  @Test
  void loss_labelsOfAnotherLength_areRefused() throws IOException {
    assertRefused(
        List.of(new int[] {2, 5}),
        "loss: labels of text 0 expected as long as its 3 tokens, got 2");
    assertRefused(List.of(), "loss: labels expected for 1 texts, got 0");
    assertRefused(
        List.of(new int[] {2, 5, 424}),
        "loss: labels of text 0 expected 0 to 423, or -100 to ignore, got 424");
  }

  @Test
  void loss_tokenBeyondTheVocabulary_isRefused() throws IOException {
    Tensor prompt = model.imagePrompt(Speech.batch(folder, "a").pixels(), ForwardPass.evaluation());
    PromptBatch text = PromptBatch.of(List.of(new int[] {2, 999}), 1, Side.RIGHT);

    var e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                model
                    .blip2()
                    .loss(prompt, text, List.of(new int[] {IGNORED, 5}), ForwardPass.evaluation()));

    assertEquals("language.words: ids expected 0 to 423, got 999", e.getMessage());
  }

  @Test
  void promptBatch_negativeId_isRefused() {
    for (int id : new int[] {-1, -2, -7}) {
      List<int[]> rows = List.of(new int[] {2, id});

      var e =
          assertThrows(IllegalArgumentException.class, () -> PromptBatch.of(rows, 1, Side.RIGHT));

      assertEquals("prompt: ids expected 0 or more, got " + id, e.getMessage());
    }
  }

  private void assertRefused(List<int[]> labels, String message) throws IOException {
    Tensor prompt = model.imagePrompt(Speech.batch(folder, "a").pixels(), ForwardPass.evaluation());
    PromptBatch text = PromptBatch.of(List.of(new int[] {2, 5, 6}), 1, Side.RIGHT);

    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> model.blip2().loss(prompt, text, labels, ForwardPass.evaluation()));

    assertEquals(message, e.getMessage());
  }

  private static List<PairTokens> tokens(StageTwoTraining of, CaptionBatch batch) {
    return of.tokens(batch, ForwardPass.evaluation());
  }

  private double[] gradient(StageTwoModel of) throws IOException {
    StageTwoTraining.of(of, tokenizer)
        .losses(batch(3), ForwardPass.evaluation())
        .total()
        .backward();
    return Speech.queryGradient(of);
  }

  private static double cosine(double[] a, double[] b) {
    double product = 0;
    double first = 0;
    double second = 0;
    for (int i = 0; i < a.length; i++) {
      product += a[i] * b[i];
      first += a[i] * a[i];
      second += b[i] * b[i];
    }
    return product / Math.sqrt(first * second);
  }

  private CaptionBatch batch(int size) throws IOException {
    return Speech.batch(folder, Speech.CAPTIONS.subList(0, size).toArray(String[]::new));
  }
}
