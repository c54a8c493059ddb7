package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.PlainLanguage;
import io.github.blip2j.blip2.PromptBatch;
import io.github.blip2j.blip2.StageTwoModel;
import io.github.blip2j.blip2.StageTwoParts;
import io.github.blip2j.blip2.StageTwoSetup;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.DjlTokenizer;
import io.github.blip2j.text.Side;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The second stage with an encoder and a decoder. */
@ExtendWith(InScope.class)
final class StageTwoT5Test {
  private static final Path T5 = Fixtures.own("hf-t5");

  private final Path folder;
  private final Scope home = Scope.detached();
  private final StageTwoModel model;
  private final DjlTokenizer tokenizer;
  private final StageTwoTraining training;

  StageTwoT5Test(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.model = StageTwoModel.load(T5, home, StageTwoSetup.lavis());
    this.tokenizer = model.openTokenizer();
    this.training = StageTwoTraining.of(model, tokenizer);
  }

  @AfterEach
  void close() {
    tokenizer.close();
    home.close();
  }

  @Test
  void tokens_ofACaption_areAllToBeWritten() throws IOException {
    PairTokens tokens = tokens(training, batch("a red star"), 1);

    assertArrayEquals(new int[] {1}, tokens.text()); // </s> alone
    assertArrayEquals(tokenizer.encode("a red star"), tokens.labels());
  }

  @Test
  void tokens_ofAQuestion_areReadAndTheAnswerWritten() throws IOException {
    CaptionBatch plain = batch("red");
    var asked =
        new CaptionBatch(
            plain.pixels(), plain.captions(), plain.ids(), List.of(), List.of("what color?"));

    PairTokens tokens = tokens(training, asked, 1);

    assertArrayEquals(tokenizer.encode("what color?"), tokens.text());
    assertArrayEquals(tokenizer.encode("red"), tokens.labels());
  }

  @Test
  void tokens_behindAPrompt_areReadAfterIt() throws IOException {
    PairTokens tokens = tokens(training.withPrompt("a photo of"), batch("a star"), 1);

    assertArrayEquals(tokenizer.encode("a photo of"), tokens.text());
    assertArrayEquals(tokenizer.encode("a star"), tokens.labels());
  }

  @Test
  void withPrefixSplit_sameSource_cutsAtTheSameWords() throws IOException {
    CaptionBatch batch = batch("a red circle above a blue square", "two green squares");
    StageTwoTraining splitting = training.withPrefixSplit();

    Set<String> cuts = new HashSet<>();
    for (int seed = 0; seed < 40; seed++) {
      PairTokens first = tokens(splitting, batch, seed);
      PairTokens again = tokens(splitting, batch, seed);
      assertArrayEquals(first.text(), again.text());
      assertArrayEquals(first.labels(), again.labels());
      String joined = tokenizer.decode(first.text()) + " " + tokenizer.decode(first.labels());
      assertEquals("a red circle above a blue square", joined.strip());
      cuts.add(tokenizer.decode(first.labels()));
    }
    assertTrue(cuts.size() >= 5, cuts.toString());
    assertTrue(cuts.contains("a red circle above a blue square"));
    assertTrue(cuts.contains("square"));
  }

  @Test
  void losses_withPrefixSplit_dependOnTheirSourceAlone() throws IOException {
    CaptionBatch batch = batch(Speech.CAPTIONS.toArray(String[]::new));
    StageTwoTraining splitting = training.withPrefixSplit();

    double first = splitting.losses(batch, random(5)).total().item();

    assertEquals(first, splitting.losses(batch, random(5)).total().item());
    assertNotEquals(first, splitting.losses(batch, random(6)).total().item());
  }

  @Test
  void backward_reachesWhatLearnsAndNothingElse() throws IOException {
    training.losses(batch(Speech.CAPTIONS.toArray(String[]::new)), random(1)).total().backward();

    for (Parameter parameter : model.parameters().values()) {
      assertEquals(parameter.isTrained(), parameter.gradient() != null, parameter.name());
    }
  }

  @Test
  void losses_recomputed_haveTheSameGradients() throws IOException {
    CaptionBatch batch = batch("a red circle", "two stars");
    training.losses(batch, random(3)).total().backward();
    double[] kept = queryGradient();
    model.parameters().values().forEach(Parameter::clearGradient);

    training.losses(batch, random(3).recomputing()).total().backward();

    assertArrayEquals(kept, queryGradient());
  }

  @Test
  void losses_ofPaddedTexts_areThoseOfEachAlone() throws IOException {
    CaptionBatch both = batch("a red circle above a blue square", "a star");
    double together = training.losses(both, Pass.evaluation()).total().item();

    double sum = 0;
    int count = 0;
    for (int row = 0; row < 2; row++) {
      var alone =
          new CaptionBatch(
              both.pixels().narrow(0, row, 1),
              both.captions().subList(row, row + 1),
              both.ids().subList(row, row + 1),
              List.of());
      int labels = tokens(training, alone, 1).labels().length;
      sum += training.losses(alone, Pass.evaluation()).total().item() * labels;
      count += labels;
    }

    assertEquals(sum / count, together, 1e-5);
  }

  @Test
  void load_ofAFirstStageAndAPlainT5_trains() throws IOException {
    Path language = PlainLanguage.write(T5, folder.resolve("t5"));
    StageTwoModel parts =
        StageTwoParts.load(Scenes.MODEL, language, home, StageTwoSetup.lavis(), 1);

    try (var own = parts.openTokenizer()) {
      CaptionBatch scenes = scenes();
      StageTwoTraining.of(parts, own).losses(scenes, random(1)).total().backward();
    }

    for (Parameter parameter : parts.parameters().values()) {
      assertEquals(parameter.isTrained(), parameter.gradient() != null, parameter.name());
    }
  }

  @Test
  void of_tokenizerOfAnotherModel_isRefused() throws IOException {
    try (var other = DjlTokenizer.open(Scenes.MODEL)) {
      var e = assertThrows(CheckpointException.class, () -> StageTwoTraining.of(model, other));

      assertTrue(String.valueOf(e.getMessage()).contains("tokenizer"), e.getMessage());
    }
  }

  @Test
  void loss_withoutAnyLabel_isRefused() throws IOException {
    assertRefused(new int[0], "loss: labels expected for at least 1 token, got none of 1 texts");
  }

  @Test
  void loss_negativeLabel_isRefused() throws IOException {
    int last = model.blip2().language().vocabSize() - 1;
    for (int label : new int[] {-1, -2}) {
      String message = "loss: labels of text 0 expected 0 to %d, or -100 to ignore, got %d";
      assertRefused(new int[] {5, label}, message.formatted(last, label));
    }
  }

  private void assertRefused(int[] labels, String message) throws IOException {
    Tensor prompt = model.imagePrompt(batch("a").pixels(), Pass.evaluation());
    PromptBatch text = PromptBatch.of(List.of(new int[] {5, 1}), 0, Side.RIGHT);

    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> model.blip2().loss(prompt, text, List.of(labels), Pass.evaluation()));

    assertEquals(message, e.getMessage());
  }

  private CaptionBatch scenes() throws IOException {
    try (Stream<CaptionBatch> stream = Scenes.batches(folder, 2, 42).open(0, 0)) {
      return stream.iterator().next();
    }
  }

  private double[] queryGradient() {
    Parameter queries = model.parameters().get("queryTokens");
    Tensor gradient = queries == null ? null : queries.gradient();
    if (gradient == null) {
      throw new AssertionError("queries without a gradient");
    }
    return Arrays.copyOf(gradient.toDoubles(), 100);
  }

  private static PairTokens tokens(StageTwoTraining of, CaptionBatch batch, long seed) {
    return of.tokens(batch, random(seed)).get(0);
  }

  private static Pass random(long seed) {
    return Pass.training(new SplittableRandom(seed));
  }

  private CaptionBatch batch(String... captions) throws IOException {
    try (Stream<CaptionBatch> stream = Speech.batches(folder, captions.length).open(0, 0)) {
      CaptionBatch drawn = stream.iterator().next();
      return new CaptionBatch(drawn.pixels(), List.of(captions), drawn.ids(), List.of());
    }
  }
}
