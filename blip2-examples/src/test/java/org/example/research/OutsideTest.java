package org.example.research;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a researcher does from a package of their own: another objective, another schedule and a
 * Q-Former of other sizes, by the public API alone.
 */
final class OutsideTest {
  private static final Path TOKENIZER =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "lavis-stage1");
  private static final Path IMAGES = Path.of("src", "test", "resources", "images");

  /** Up to a peak in the middle of the run, and down again: one cycle (Smith 2018). */
  record OneCycle(double peak, long batches) implements Schedule {
    @Override
    public double at(int epoch, long stepInEpoch) {
      double progress = (double) stepInEpoch / batches;
      return peak * (1 - Math.abs(2 * progress - 1));
    }
  }

  /** Stage 1, and a penalty for queries of one image that say the same. */
  record WithDiversity(Blip2RetrievalModel model, StageOneTraining stageOne, double weight)
      implements Objective<CaptionBatch> {
    @Override
    public Losses losses(CaptionBatch batch, ForwardPass pass) {
      Losses stageOneLosses = stageOne.losses(batch, pass);
      Tensor image = model.encodeImage(batch.pixels(), pass); // [B, N, E]
      var context = model.qformer().imageKeyValues(image);
      Tensor queries = model.qformer().encodeQueries(context, pass); // [B, Q, C]
      Tensor features = model.qformer().imageFeatures(queries); // [B, Q, P], unit vectors
      Tensor cosines = features.matmul(features.transpose()); // [B, Q, Q]
      Tensor alike = cosines.mul(cosines).mean();
      return new Losses(stageOneLosses.total().add(alike.mul(weight)), stageOneLosses.parts())
          .with("alike", alike);
    }
  }

  /** Six queries of width 24 over a vision transformer of two layers. */
  private static Blip2RetrievalConfig sizes(int vocabSize) throws IOException {
    VisionConfig vision =
        VisionConfig.fromJson(
            ConfigJson.parse(
                "vision",
                """
                {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
                 "num_attention_heads": 4, "image_size": 32, "patch_size": 8}
                """));
    BertConfig bert =
        BertConfig.fromJson(
                ConfigJson.parse(
                    "qformer",
                    """
                    {"hidden_size": 24, "intermediate_size": 40, "num_hidden_layers": 3,
                     "num_attention_heads": 3, "cross_attention_frequency": 2,
                     "encoder_hidden_size": 32}
                    """),
                vision.dim())
            .withTextSide()
            .withVocabSize(vocabSize);
    return new Blip2RetrievalConfig(vision, new Blip2QformerConfig(bert, 6, 16, 1e-5, 12));
  }

  @Test
  void training_withOwnObjectiveScheduleAndSizes_runsAndLogsItsParts(@TempDir Path folder)
      throws IOException {
    List<StepReport> reports = new ArrayList<>();
    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(TOKENIZER)) {
      Params params = Params.root(Weights.random(new Random(3)), home);
      var model = Blip2RetrievalModel.of(sizes(tokenizer.vocabSize()), params);
      model.trainQformer();
      CaptionSet set = CaptionSet.open(List.of(captions(folder)), IMAGES, CaptionSet.Faulty.REFUSE);
      var batches = CaptionBatches.of(set, ImageProcessor.blip2(32), 2, 42);
      var objective = new WithDiversity(model, StageOneTraining.of(model, tokenizer), 0.5);
      var settings =
          TrainingSettings.of(folder.resolve("run"), new OneCycle(1e-3, 4))
              .withMaxSteps(4)
              .withLogEvery(1);
      var groups = ParameterGroup.of(model.parameters().values(), 0.05);
      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
        new Trainer<>(objective, batches, optimizer, settings)
            .start(
                new TrainingListener() {
                  @Override
                  public void stepped(StepReport report) {
                    reports.add(report);
                  }
                });
      }

      var state = model.qformer().stateDict();
      assertEquals(6 * 24, Objects.requireNonNull(state.get("queries")).size());
      assertTrue(state.keySet().stream().noneMatch(name -> name.startsWith("vision.")));
    }
    assertEquals(List.of(0.0, 5e-4, 1e-3, 5e-4), reports.stream().map(StepReport::lr).toList());
    for (StepReport report : reports) {
      double alike = alike(report);
      assertTrue(alike > 1.0 / 6 && alike <= 1 + 1e-6, "a mean of squared cosines, got " + alike);
    }
    double first = alike(reports.get(0));
    double last = alike(reports.get(3));
    assertTrue(last < first, first + " expected to fall, got " + last);
  }

  private static double alike(StepReport report) {
    return Objects.requireNonNull(report.losses().get("loss_alike"));
  }

  private static Path captions(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String picture = i % 2 == 0 ? "a.png" : "b.png";
      lines.add("{\"image\": \"" + picture + "\", \"caption\": \"a red star\"}");
    }
    return Files.write(folder.resolve("captions.jsonl"), lines);
  }
}
