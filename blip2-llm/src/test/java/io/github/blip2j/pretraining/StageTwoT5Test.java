package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.checkpoint.files.PlainLanguage;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The second stage with an encoder and a decoder. */
@ExtendWith(InScope.class)
final class StageTwoT5Test {
  private final Path folder;
  private final Scope home = Scope.detached();
  private final StageTwoModel model;
  private final HuggingFaceTokenizer tokenizer;
  private final StageTwoTraining training;

  StageTwoT5Test(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.model = StageTwoModel.load(Speech.T5, home, StageTwoSetup.lavis());
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
    PairTokens tokens = tokens(training, Speech.batch(folder, "a red star"), 1);

    assertArrayEquals(new int[] {1}, tokens.text()); // </s> alone
    assertArrayEquals(tokenizer.encode("a red star"), tokens.labels());
  }

  @Test
  void tokens_ofAQuestion_areReadAndTheAnswerWritten() throws IOException {
    CaptionBatch plain = Speech.batch(folder, "red");
    var asked =
        new CaptionBatch(
            plain.pixels(), plain.captions(), plain.ids(), List.of(), List.of("what color?"));

    PairTokens tokens = tokens(training, asked, 1);

    assertArrayEquals(tokenizer.encode("what color?"), tokens.text());
    assertArrayEquals(tokenizer.encode("red"), tokens.labels());
  }

  @Test
  void tokens_behindAPrompt_areReadAfterIt() throws IOException {
    PairTokens tokens =
        tokens(training.withPrompt("a photo of"), Speech.batch(folder, "a star"), 1);

    assertArrayEquals(tokenizer.encode("a photo of"), tokens.text());
    assertArrayEquals(tokenizer.encode("a star"), tokens.labels());
  }

  @Test
  void withPrefixSplit_sameSource_cutsAtTheSameWords() throws IOException {
    CaptionBatch batch =
        Speech.batch(folder, "a red circle above a blue square", "two green squares");
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
    CaptionBatch batch = Speech.batch(folder, Speech.CAPTIONS.toArray(String[]::new));
    StageTwoTraining splitting = training.withPrefixSplit();

    double first = splitting.losses(batch, Speech.random(5)).total().item();

    assertEquals(first, splitting.losses(batch, Speech.random(5)).total().item());
    assertNotEquals(first, splitting.losses(batch, Speech.random(6)).total().item());
  }

  @Test
  void load_ofAFirstStageAndAPlainT5_trains() throws IOException {
    Path language = PlainLanguage.write(Speech.T5, folder.resolve("t5"));
    StageTwoModel parts =
        StageTwoModel.load(
            StageTwoParts.of(Scenes.MODEL, language).withSeed(1), home, StageTwoSetup.lavis());

    try (var own = parts.openTokenizer()) {
      CaptionBatch scenes = scenes();
      StageTwoTraining.of(parts, own).losses(scenes, Speech.random(1)).total().backward();
    }

    for (Parameter parameter : parts.parameters().values()) {
      assertEquals(parameter.isTrained(), parameter.gradient() != null, parameter.name());
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
      assertRefused(new int[] {5, label}, String.format(Locale.ROOT, message, last, label));
    }
  }

  private void assertRefused(int[] labels, String message) throws IOException {
    Tensor prompt = model.imagePrompt(Speech.batch(folder, "a").pixels(), ForwardPass.evaluation());
    PromptBatch text = PromptBatch.of(List.of(new int[] {5, 1}), 0, Side.RIGHT);

    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> model.blip2().loss(prompt, text, List.of(labels), ForwardPass.evaluation()));

    assertEquals(message, e.getMessage());
  }

  private CaptionBatch scenes() throws IOException {
    try (Stream<CaptionBatch> stream = Scenes.batches(folder, 2, 42).open(0, 0)) {
      return stream.iterator().next();
    }
  }

  private static PairTokens tokens(StageTwoTraining of, CaptionBatch batch, long seed) {
    return of.tokens(batch, Speech.random(seed)).get(0);
  }
}
