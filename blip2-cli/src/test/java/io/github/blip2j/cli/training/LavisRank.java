package io.github.blip2j.cli.training;

import static java.util.Objects.requireNonNull;

import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.checkpoint.lavis.LavisNames;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.distributed.Collectives;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.golden.GoldenGradients;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.qformer.objective.GenerationLoss;
import io.github.blip2j.qformer.objective.Negatives;
import io.github.blip2j.qformer.objective.Pairs;
import io.github.blip2j.qformer.objective.StageOneObjective;
import io.github.blip2j.qformer.objective.StageOneOutput;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import io.github.blip2j.training.parallel.GradientExchange;
import io.github.blip2j.training.parallel.GradientSums;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One rank of a step that several processes of LAVIS have made: its losses, and the gradients of
 * all ranks. {@code FOLDER WORLD}: a golden folder, and the name of the step's files.
 */
final class LavisRank {
  private static final int PAD = 0;
  private static final double TOLERANCE = 1e-5; // relative, of losses

  private final Path folder;
  private final ConfigJson expected;
  private final int first;

  private LavisRank(Path folder, ConfigJson expected, int first) {
    this.folder = folder;
    this.expected = expected;
    this.first = first;
  }

  /** Compares as a rank of an mpirun. */
  public static void main(String[] args) throws IOException {
    try (Collectives collectives = Collectives.open()) {
      compare(Ranks.of(collectives), Path.of(args[0]), args[1]);
      System.out.println("equal on " + collectives);
    }
  }

  /**
   * Compares.
   *
   * @throws AssertionError if losses or gradients differ
   */
  static void compare(Ranks ranks, Path folder, String world) throws IOException {
    List<ConfigJson> all = ConfigJson.read(folder.resolve(world + ".json")).childrenAt("ranks");
    if (all.size() != ranks.size()) {
      throw new AssertionError(world + ": " + all.size() + " ranks expected, got " + ranks.size());
    }
    ConfigJson own = all.get(ranks.rank());
    int first = ranks.rank() * own.stringsAt("captions").size();
    try (Scope home = Scope.detached();
        Scope step = Scope.open();
        Golden golden = Golden.openFile(folder.resolve(world + ".safetensors"))) {
      Blip2RetrievalModel model = RetrievalLoader.load(folder, home);
      model.trainQformer();
      new LavisRank(folder, own, first).compare(model, ranks, GoldenGradients.of(golden, "grad."));
    }
  }

  private void compare(Blip2RetrievalModel model, Ranks ranks, GoldenGradients gradients)
      throws IOException {
    List<Parameter> trained =
        model.parameters().values().stream().filter(Parameter::isTrained).toList();
    var sums = new GradientSums(trained, ranks, GradientExchange.DEFAULT);
    KeyMap names = LavisNames.retrieval(model.config().vision());
    try (var update = sums.start()) {
      loss(model, ranks).mul(1.0 / ranks.size()).backward();
      update.finish();
      for (Parameter each : trained) {
        gradients.assertClose(
            names.toStored(each.name()).name(), requireNonNull(each.gradient(), each.name()));
      }
      gradients.assertNoneLeft();
    }
  }

  /** The loss of this rank, as LAVIS has it: with the mean over its own tokens. */
  private Tensor loss(Blip2RetrievalModel model, Ranks ranks) throws IOException {
    ForwardPass pass = ForwardPass.evaluation().among(ranks); // the reference has no dropout
    TextBatch texts = texts(model);
    Negatives negatives =
        Negatives.of(
            expected.intsAt("negative_image_for_text"), expected.intsAt("negative_text_for_image"));
    StageOneObjective objective =
        StageOneObjective.lavis(model.qformer()).with((similar, pairs, random) -> negatives);
    Tensor image = model.encodeImage(pixels(model), pass);
    Pairs pairs = Pairs.among(texts.size(), first, texts.size() * ranks.size());
    StageOneOutput output = objective.forward(image, texts, pairs, pass, new SplittableRandom(1));
    double weight = ranks.weight(GenerationLoss.lavis().count(texts.labels()));
    Tensor generation = output.generation().mul(1 / weight);
    requireClose("loss_itc", output.contrast());
    requireClose("loss_itm", output.matching());
    requireClose("loss_lm", generation);
    return output.contrast().add(output.matching()).add(generation);
  }

  private TextBatch texts(Blip2RetrievalModel model) throws IOException {
    int longest = model.config().qformer().maxTextTokens();
    List<int[]> captions = new ArrayList<>();
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      for (String caption : expected.stringsAt("captions")) {
        captions.add(tokenizer.encodeTruncated(caption, longest, Side.RIGHT));
      }
    }
    return TextBatch.of(captions, PAD, longest);
  }

  private Tensor pixels(Blip2RetrievalModel model) throws IOException {
    var processor = ImageProcessor.blip2(model.config().vision().imageSize());
    List<Image> images = new ArrayList<>();
    for (int i = 0; i < expected.stringsAt("captions").size(); i++) {
      images.add(processor.read(folder.resolve("images/" + (first + i) + ".png")));
    }
    return processor.tensor(images);
  }

  private void requireClose(String name, Tensor loss) throws IOException {
    double golden = expected.doubleAt(name);
    double difference = Math.abs(loss.item() - golden) / golden;
    if (!(difference < TOLERANCE)) {
      throw new AssertionError(name + ": " + golden + " expected, got " + loss.item());
    }
  }
}
