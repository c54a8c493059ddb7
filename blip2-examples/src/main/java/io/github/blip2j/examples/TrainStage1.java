package io.github.blip2j.examples;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageOneExport;
import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.vision.image.Augmentation;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Trains the first stage on images with captions: {@code TrainStage1 MODEL_FOLDER CAPTIONS_JSON
 * IMAGE_FOLDER OUTPUT_FOLDER}.
 */
public final class TrainStage1 {
  private static final int BATCH_SIZE = 4;
  private static final long SEED = 42;

  private TrainStage1() {}

  /** Prints the losses of each update, and writes checkpoints and folders for Python. */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    Path output = Path.of(args[3]);
    CaptionSet set =
        CaptionSet.open(List.of(Path.of(args[1])), Path.of(args[2]), CaptionSet.Faulty.REFUSE);
    var schedule = new Schedule.WarmupCosine(1e-3, 1e-5, 2, new Warmup(1e-6, 2));
    var settings = TrainingSettings.of(output, schedule).withEpochs(2).withLogEvery(1);

    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(folder)) {
      Blip2RetrievalModel model = RetrievalLoader.load(folder, home);
      model.trainQformer(); // but not the vision encoder
      var processor = ImageProcessor.blip2(model.config().vision().imageSize());
      var batches = CaptionBatches.of(set, processor, BATCH_SIZE, SEED).with(Augmentation.blip2());
      batches.requireWords(); // now rather than in the middle of a run

      var groups = ParameterGroup.of(model.parameters().values(), 0.05);
      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
        var training = StageOneTraining.of(model, tokenizer);
        new Trainer<>(training, batches, optimizer, settings).start(printing());
      }
      new StageOneExport(model, folder).toHuggingFace(output.resolve("hf"));
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
