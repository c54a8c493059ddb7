package io.github.blip2j.examples;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageTwoExport;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.pretraining.StageTwoTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Trains the second stage on images with captions: {@code TrainStage2 MODEL_FOLDER CAPTIONS_JSON
 * IMAGE_FOLDER OUTPUT_FOLDER}. {@code StageTwoModel.load(StageTwoParts, ...)} starts from a first
 * stage.
 */
public final class TrainStage2 {
  private static final int BATCH_SIZE = 2;
  private static final long SEED = 42;

  private TrainStage2() {}

  /** Prints the loss of each update, and writes checkpoints and folders for Python. */
  public static void main(String[] args) throws IOException {
    Path output = Path.of(args[3]);
    CaptionSet set =
        CaptionSet.open(List.of(Path.of(args[1])), Path.of(args[2]), CaptionSet.Faulty.REFUSE);
    var schedule = new Schedule.WarmupCosine(1e-3, 1e-5, 2, new Warmup(1e-6, 2));
    var settings = TrainingSettings.of(output, schedule).withEpochs(2).withLogEvery(1);

    try (Scope home = Scope.detached()) {
      StageTwoModel model = StageTwoModel.load(Path.of(args[0]), home, StageTwoSetup.lavis());
      var batches = CaptionBatches.of(set, model.processor(), BATCH_SIZE, SEED).withDialogues();

      var groups = ParameterGroup.of(model.parameters().values(), 0.05);
      try (var tokenizer = model.openTokenizer();
          var optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
        var training = StageTwoTraining.of(model, tokenizer).withPrompt("a photo of");
        new Trainer<>(training, batches, optimizer, settings).start(printing());
      }
      new StageTwoExport(model).toHuggingFace(output.resolve("hf"));
    }
  }

  private static TrainingListener printing() {
    return new TrainingListener() {
      @Override
      public void stepped(StepReport report) {
        System.out.printf(Locale.ROOT, "step %d: %s%n", report.position().step(), report.losses());
      }
    };
  }
}
