package io.github.blip2j.pretraining.parts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.data.DataException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LanguageTrainingTest {
  private static final List<String> TEXTS =
      List.of("a red circle</s>a circle\n", "two stars\n", "a blue square\na square\n");

  @TempDir private Path folder;
  private final Scope home = Scope.detached();
  private Path drawn = Path.of("");

  @BeforeEach
  void draw() throws IOException {
    drawn = folder.resolve("drawn");
    new DrawnPart(Small.language(folder), 3).language(Small.LANGUAGE_WORDS, drawn);
  }

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void loss_isTheMeanOverTheTokensOfEachTextAlone() throws IOException {
    LanguagePart part = LanguagePart.load(drawn, home);
    try (var tokenizer = part.openTokenizer();
        Scope scope = Scope.open()) {
      double sum = 0;
      int count = 0;
      for (String text : TEXTS) {
        int[] ids = tokenizer.encode(text);
        double[] losses = losses(part, ids);
        sum += Arrays.stream(losses).sum();
        count += losses.length;
      }

      double loss =
          new LanguageTraining(part, tokenizer, 32)
              .losses(batch(TEXTS), ForwardPass.evaluation())
              .total()
              .item();

      assertEquals(sum / count, loss, 1e-5);
    }
  }

  /** The loss of every token but the first, by plain loops over the logits. */
  private static double[] losses(LanguagePart part, int... ids) {
    Tensor x = part.model().embed(Tensor.ids(ids).reshape(1, ids.length));
    int[][] mask = new int[1][ids.length];
    Arrays.fill(mask[0], 1);
    Tensor hidden = part.model().forward(x, mask, null, ForwardPass.evaluation());
    double[] logits = part.model().logits(hidden).toDoubles();
    int words = part.config().vocabSize();
    double[] losses = new double[ids.length - 1];
    for (int t = 0; t < losses.length; t++) {
      double sum = 0;
      for (int w = 0; w < words; w++) {
        sum += Math.exp(logits[t * words + w]);
      }
      losses[t] = Math.log(sum) - logits[t * words + ids[t + 1]];
    }
    return losses;
  }

  @Test
  void signInAText_isThatToken() throws IOException {
    try (var tokenizer = LanguagePart.load(drawn, home).openTokenizer()) {
      int[] ids = tokenizer.encode("a circle</s>a circle");

      assertEquals(2, ids[0]);
      assertEquals(2, Arrays.stream(ids).filter(id -> id == 2).count());
    }
  }

  @Test
  void training_learnsTheTexts_andIsReadAgain() throws IOException {
    Path data = pages(TEXTS);
    LanguagePart part = LanguagePart.load(drawn, home);
    try (var tokenizer = part.openTokenizer();
        var optimizer =
            new AdamW(ParameterGroup.of(part.parameters().values(), 0), AdamWRule.DEFAULT)) {
      var objective = new LanguageTraining(part, tokenizer, 32);
      double before = loss(objective);
      var settings =
          TrainingSettings.of(folder.resolve("run"), Schedule.Constant.of(1e-2)).withEpochs(60);
      new Trainer<>(objective, PageBatches.open(List.of(data), 3, 1), optimizer, settings)
          .start(TrainingListener.NONE);
      part.export(folder.resolve("trained"));

      LanguagePart read = LanguagePart.load(folder.resolve("trained"), home);
      double after = loss(new LanguageTraining(read, tokenizer, 32));

      assertEquals(loss(objective), after, 1e-6);
      assertTrue(before > 5 && after < 1, before + " " + after);
    }
  }

  private static double loss(LanguageTraining objective) {
    try (Scope scope = Scope.open()) {
      return objective.losses(batch(TEXTS), ForwardPass.evaluation()).total().item();
    }
  }

  @Test
  void textsAreTooManyTokens_isRefused() throws IOException {
    LanguagePart part = LanguagePart.load(drawn, home);
    try (var tokenizer = part.openTokenizer()) {
      var refused =
          assertThrows(
              IllegalArgumentException.class, () -> new LanguageTraining(part, tokenizer, 33));

      assertEquals("language: tokens of a text expected 2 to 32, got 33", refused.getMessage());
    }
  }

  @Test
  void batches_dependOnSeedAndEpochAlone() throws IOException {
    PageBatches pages = PageBatches.open(List.of(pages(TEXTS)), 1, 5);

    List<List<String>> all = pages.open(4, 0).map(PageBatch::texts).toList();

    assertEquals(3, all.size());
    assertEquals(all.subList(2, 3), pages.open(4, 2).map(PageBatch::texts).toList());
    assertEquals(3, all.stream().distinct().count());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nonsense{ | line 2 expected JSON, got malformed text",
        "{\"text\": 3} | line 2 expected {\"text\": \"...\"} with words, got something else",
        "{\"text\": \" \"} | line 2 expected {\"text\": \"...\"} with words, got something else",
        "{\"words\": \"a\"} | line 2 expected {\"text\": \"...\"} with words, got something else",
      })
  void lineWithoutText_isNamed(String line, String message) throws IOException {
    Path file = Files.writeString(folder.resolve("bad.jsonl"), "{\"text\": \"a\"}\n" + line + "\n");

    var refused = assertThrows(DataException.class, () -> PageBatches.open(List.of(file), 1, 1));

    assertEquals(file + ": " + message, refused.getMessage());
  }

  private Path pages(List<String> texts) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (String text : texts) {
      lines.append("{\"text\": \"").append(text.replace("\n", "\\n")).append("\"}\n");
    }
    return Files.writeString(folder.resolve("pages.jsonl"), lines);
  }

  private static PageBatch batch(List<String> texts) {
    return new PageBatch(texts, texts);
  }
}
