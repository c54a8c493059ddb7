package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.adapter.LoraSettings;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.vision.image.Augmentation;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Ranks make the updates of one process with the whole batches, dropout and crops included. */
final class ParallelTrainingTest {
  private final Path folder;
  private final ParallelRuns runs;

  ParallelTrainingTest(@TempDir Path folder) {
    this.folder = folder;
    this.runs = new ParallelRuns(folder);
  }

  @ParameterizedTest
  @CsvSource({"2, 4, 20, 1", "4, 4, 20, 1", "2, 4, 6, 2", "4, 8, 6, 1"})
  void stageOne_onRanks_isThatOfOneProcess(int ranks, int batchSize, int steps, int accumulate)
      throws IOException {
    runs.on(1, each -> stageOne("one", each, batchSize, steps, accumulate));
    runs.on(ranks, each -> stageOne("ranks", each, batchSize, steps, accumulate));

    runs.assertSame("one", "ranks", steps, 2e-5f);
  }

  @Test
  void resume_onAnotherNumberOfRanks_goesOn() throws IOException {
    runs.on(1, each -> stageOne("one", each, 4, 6, 1));
    runs.on(4, each -> stageOne("parts", each, 4, 2, 1));
    runs.on(2, each -> stageOne("parts", each, 4, 4, 1));
    runs.on(1, each -> stageOne("parts", each, 4, 6, 1));

    runs.assertSame("one", "parts", 6, 2e-5f);
  }

  @Test
  void batch_thatRanksCannotShare_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> runs.on(3, each -> stageOne("ranks", each, 4, 1, 1)));
    assertTrue(
        String.valueOf(e.getMessage()).contains("a multiple of the 3 ranks expected, got 4"));
  }

  private void stageOne(String run, Ranks ranks, int batchSize, int steps, int accumulate)
      throws IOException {
    TrainingSettings settings = runs.settings(run, steps).withAccumulate(accumulate);
    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(Scenes.MODEL)) {
      Blip2RetrievalModel model = RetrievalLoader.load(Scenes.MODEL, home);
      model.trainQformer();
      CaptionBatches batches;
      synchronized (folder) { // it writes the list
        batches = Scenes.batches(folder, batchSize, 42).with(Augmentation.blip2());
      }
      var training = StageOneTraining.of(model, tokenizer);
      runs.train(ranks, training, batches, List.copyOf(model.parameters().values()), settings);
    }
  }

  /** Its dropout is that of one process in the pairs of matching too, and in others' images. */
  @ParameterizedTest
  @ValueSource(ints = {2, 4})
  void stageOne_withLora_isThatOfOneProcess(int ranks) throws IOException {
    runs.on(1, each -> stageOneWithLora("one", each));
    runs.on(ranks, each -> stageOneWithLora("ranks", each));

    runs.assertSame("one", "ranks", 6, 2e-5f);
  }

  private void stageOneWithLora(String run, Ranks ranks) throws IOException {
    LoraSettings lora =
        LoraSettings.of("query", "key", "value", "dense", "vision_projection")
            .withRank(4)
            .withDropout(0.2);
    StageOneSetup setup = StageOneSetup.lavis().with(Tuning.NONE.withLora(lora));
    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(Scenes.MODEL)) {
      StageOneModel model = StageOneModel.load(Scenes.MODEL, home, UnaryOperator.identity(), setup);
      CaptionBatches batches;
      synchronized (folder) { // it writes the list
        batches = Scenes.batches(folder, 4, 42);
      }
      var training = StageOneTraining.of(model, tokenizer);
      List<Parameter> parameters = List.copyOf(model.parameters().values());
      runs.train(ranks, training, batches, parameters, runs.settings(run, 6));
    }
  }

  @Test
  void stageTwo_withDropoutInTheLanguageModel_isThatOfOneProcess() throws IOException {
    Path opt = Speech.withDropout(folder, 0.1);

    assertStageTwo(opt, StageTwoSetup.lavis(), UnaryOperator.identity());
  }

  @Test
  void stageTwo_withLora_isThatOfOneProcess() throws IOException {
    LoraSettings lora = LoraSettings.of("q_proj", "v_proj").withRank(4).withDropout(0.1);
    StageTwoSetup setup = StageTwoSetup.lavis().with(Tuning.NONE.withLora(lora));

    assertStageTwo(Speech.OPT, setup, UnaryOperator.identity());
  }

  @Test
  void stageTwo_ofT5WithSplitCaptions_isThatOfOneProcess() throws IOException {
    assertStageTwo(Speech.T5, StageTwoSetup.lavis(), StageTwoTraining::withPrefixSplit);
  }

  private void assertStageTwo(
      Path base, StageTwoSetup setup, UnaryOperator<StageTwoTraining> changed) throws IOException {
    runs.on(1, each -> stageTwo("one", each, base, setup, changed));
    runs.on(2, each -> stageTwo("two", each, base, setup, changed));
    runs.on(4, each -> stageTwo("four", each, base, setup, changed));

    runs.assertSame("one", "two", 6, 2e-5f);
    runs.assertSame("one", "four", 6, 2e-5f);
  }

  private void stageTwo(
      String run,
      Ranks ranks,
      Path base,
      StageTwoSetup setup,
      UnaryOperator<StageTwoTraining> changed)
      throws IOException {
    try (Scope home = Scope.detached()) {
      var model = StageTwoModel.load(base, home, setup);
      CaptionBatches batches;
      synchronized (folder) { // it writes the list
        batches = Speech.batches(folder, 4);
      }
      try (var tokenizer = model.openTokenizer()) {
        var training = changed.apply(StageTwoTraining.of(model, tokenizer));
        runs.train(
            ranks,
            training,
            batches,
            List.copyOf(model.parameters().values()),
            runs.settings(run, 6));
      }
    }
  }

  @Test
  void questions_ofInstructBlip_areThoseOfOneProcess() throws IOException {
    for (int ranks : List.of(1, 2)) {
      runs.on(ranks, each -> questions("on " + ranks, each));
    }

    runs.assertSame("on 1", "on 2", 6, 2e-5f);
  }

  private void questions(String run, Ranks ranks) throws IOException {
    try (Scope home = Scope.detached()) {
      var model = StageTwoModel.load(Questions.MODEL, home, StageTwoSetup.lavis());
      CaptionBatches batches;
      synchronized (folder) { // it writes the list
        batches = Questions.batches(folder, 2);
      }
      try (var tokenizer = model.openTokenizer();
          var instructions = model.openInstructionTokenizer()) {
        runs.train(
            ranks,
            StageTwoTraining.of(model, tokenizer, instructions),
            batches,
            List.copyOf(model.parameters().values()),
            runs.settings(run, 6));
      }
    }
  }
}
