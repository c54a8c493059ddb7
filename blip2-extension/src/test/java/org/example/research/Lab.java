package org.example.research;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.optim.Optimizer;
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
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A Q-Former of sizes of one's own, captions of eight images, and a run that uses what is here. */
final class Lab implements AutoCloseable {
  private static final Path FILES =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "lavis-stage1");
  private static final String[] CAPTIONS = {
    "a purple cross",
    "a orange square to the left of a white triangle",
    "a red star above a orange cross",
    "a red cross to the left of a white circle",
    "a green circle",
    "a blue square below a red star",
    "two white stars",
    "a triangle"
  };
  private static final int MASK = 4; // [MASK] of this tokenizer

  private final Scope home = Scope.detached();
  private final HuggingFaceTokenizer tokenizer;
  final Blip2RetrievalModel model;
  final StageOneTraining stageOne;
  final MaskedWords objective;
  final Optimizer optimizer;

  Lab() throws IOException {
    this.tokenizer = HuggingFaceTokenizer.open(FILES);
    Params params = Params.root(Weights.random(new Random(7)), home);
    this.model = Blip2RetrievalModel.of(sizes(tokenizer.vocabSize()), params);
    model.trainQformer();
    this.stageOne = StageOneTraining.of(model, tokenizer);
    this.objective = new MaskedWords(stageOne, model.qformer(), MASK, 0.5);
    var groups = ParameterGroup.of(model.parameters().values(), 0.05);
    this.optimizer = new Lion(groups, 0.9, 0.99);
  }

  /** Six queries of width 24 over a vision transformer of two layers. */
  static Blip2RetrievalConfig sizes(int vocabSize) throws IOException {
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

  /** Batches of two captioned images, four in an epoch. */
  static CaptionBatches batches(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < CAPTIONS.length; i++) {
      lines.add("{\"image\": \"" + i + ".png\", \"caption\": \"" + CAPTIONS[i] + "\"}");
    }
    Path captions = Files.write(folder.resolve("captions.jsonl"), lines);
    Path images = FILES.resolve("images");
    CaptionSet set = CaptionSet.open(List.of(captions), images, CaptionSet.Faulty.REFUSE);
    return CaptionBatches.of(set, ImageProcessor.blip2(32), 2, 42);
  }

  /** Three epochs with a checkpoint after each second update. */
  static TrainingSettings settings(Path output) {
    return TrainingSettings.of(output, new OneCycle(1e-3, new Schedule.Span(3, 4)))
        .withEpochs(3)
        .withClipNorm(5)
        .withCheckpointEvery(2)
        .withKeep(1)
        .withLogEvery(1);
  }

  /** A run with an objective, a schedule, an optimiser and a listener of one's own. */
  Trainer<CaptionBatch> trainer(Path folder, TrainingSettings settings) throws IOException {
    return new Trainer<>(objective, batches(folder), optimizer, settings);
  }

  BestCheckpoint<CaptionBatch> best(Path folder) throws IOException {
    return new BestCheckpoint<>(objective, batches(folder));
  }

  /** Changes all trained weights, so that a resumed run has to restore them. */
  void shake() {
    try (var off = GradMode.noGrad()) {
      optimizer.parameters().forEach(parameter -> parameter.value().scaleInPlace(0.5));
    }
  }

  /** All trained weights, one after another. */
  float[] weights() {
    try (Scope scope = Scope.open();
        var off = GradMode.noGrad()) {
      return Tensor.concat(
              0,
              optimizer.parameters().stream()
                  .map(p -> p.value().reshape(p.value().size()))
                  .toList())
          .toFloats();
    }
  }

  @Override
  public void close() {
    optimizer.close();
    tokenizer.close();
    home.close();
  }
}
