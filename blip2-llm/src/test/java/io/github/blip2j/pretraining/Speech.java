package io.github.blip2j.pretraining;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Four pictures with captions, and the small BLIP-2 that shall say them. */
final class Speech {
  static final Path OPT = Fixtures.own("hf-opt");
  static final Path T5 = Fixtures.own("hf-t5");
  static final List<String> CAPTIONS =
      List.of(
          "a red circle above a blue square",
          "two green squares",
          "a triangle",
          "a white star to the left of a ring");
  private static final List<String> PICTURES = List.of("a.png", "b.png", "c.png", "a.png");

  private Speech() {}

  /** All of them, as a file of captions. */
  static Path captions(Path folder) throws IOException {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < CAPTIONS.size(); i++) {
      lines.add(
          String.format(
              Locale.ROOT,
              "{\"image\": \"%s\", \"caption\": \"%s\"}",
              PICTURES.get(i),
              CAPTIONS.get(i)));
    }
    return Files.write(folder.resolve("captions.jsonl"), lines);
  }

  /** All of them in batches. */
  static CaptionBatches batches(Path folder, int batchSize) throws IOException {
    return CaptionBatches.of(
            CaptionSet.open(
                List.of(captions(folder)), OPT.resolve("images"), CaptionSet.Faulty.REFUSE),
            ImageProcessor.load(OPT),
            batchSize,
            42)
        .withDialogues();
  }

  /** The first pictures with other captions. */
  static CaptionBatch batch(Path folder, String... captions) throws IOException {
    try (Stream<CaptionBatch> stream = batches(folder, captions.length).open(0, 0)) {
      CaptionBatch drawn = stream.iterator().next();
      return new CaptionBatch(drawn.pixels(), List.of(captions), drawn.ids(), List.of());
    }
  }

  /** A training pass that draws from a source of its own. */
  static ForwardPass random(long seed) {
    return ForwardPass.training(new SplittableRandom(seed));
  }

  /** The gradient of a model's queries. */
  static double[] queryGradient(StageTwoModel of) {
    Parameter queries = of.parameters().get("queryTokens");
    if (queries == null || queries.gradient() == null) {
      throw new AssertionError("queries without a gradient");
    }
    return queries.gradient().toDoubles();
  }

  /** A copy of the model whose language model drops out, and whose Q-Former does not less. */
  static Path withDropout(Path parent, double probability) throws IOException {
    Path copy = Files.createDirectory(parent.resolve("dropping"));
    try (Stream<Path> files = Files.list(OPT)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    Path config = copy.resolve("config.json");
    JsonObject json = JsonParser.parseString(Files.readString(config)).getAsJsonObject();
    json.getAsJsonObject("text_config").addProperty("dropout", probability);
    Files.writeString(config, json.toString());
    return copy;
  }
}
