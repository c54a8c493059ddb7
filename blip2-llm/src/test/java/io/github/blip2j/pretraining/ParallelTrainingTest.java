package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.distributed.InMemoryCollectives;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.CheckpointFolder;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.vision.image.Augmentation;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The first stage on several ranks makes the updates of one process with the whole batches. */
final class ParallelTrainingTest {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final Path folder;

  private final Path captions;

  ParallelTrainingTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.captions = Scenes.captions(folder);
  }

  @ParameterizedTest
  @CsvSource({"2, 4, 20, 1", "4, 4, 6, 1", "2, 4, 6, 2", "4, 8, 6, 1"})
  void ranks_makeTheUpdatesOfOneProcess(int ranks, int batchSize, int steps, int accumulate)
      throws IOException {
    train("one", Ranks.ALONE, batchSize, steps, accumulate, false);
    train("ranks", ranks, batchSize, steps, accumulate, false);

    assertLosses("one", "ranks", steps);
    assertWeights("one", "ranks", steps, steps <= 6 ? 2e-5f : 1e-4f);
  }

  private void assertLosses(String expected, String actual, int steps) throws IOException {
    List<JsonObject> whole = updates(expected);
    List<JsonObject> shared = updates(actual);
    assertEquals(steps, whole.size());
    assertEquals(steps, shared.size());
    for (int i = 0; i < steps; i++) {
      for (Map.Entry<String, JsonElement> each : whole.get(i).entrySet()) {
        if (each.getKey().startsWith("loss")) {
          double loss = each.getValue().getAsDouble();
          assertEquals(
              loss,
              shared.get(i).get(each.getKey()).getAsDouble(),
              1e-6 * Math.abs(loss) + 1e-6,
              each.getKey() + " of update " + (i + 1));
        }
      }
      assertEquals(
          whole.get(i).get("grad_norm").getAsDouble(),
          shared.get(i).get("grad_norm").getAsDouble(),
          1e-4 * whole.get(i).get("grad_norm").getAsDouble(),
          "norm of update " + (i + 1));
    }
  }

  private List<JsonObject> updates(String run) throws IOException {
    return Files.readAllLines(folder.resolve(run).resolve("log.jsonl")).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .filter(line -> line.has("loss"))
        .toList();
  }

  private void assertWeights(String expected, String actual, int steps, float tolerance)
      throws IOException {
    Map<String, float[]> whole = weights(expected, steps);
    Map<String, float[]> shared = weights(actual, steps);
    // Attention does not depend on the keys' bias: its gradient is rounding, which Adam enlarges.
    shared.keySet().removeIf(name -> name.endsWith("key.bias"));
    shared.forEach((name, own) -> assertArrayEquals(whole.get(name), own, tolerance, name));
  }

  private Map<String, float[]> weights(String run, int step) throws IOException {
    Map<String, float[]> weights = new HashMap<>();
    try (Scope home = Scope.detached()) {
      Blip2RetrievalModel model = RetrievalLoader.load(Scenes.MODEL, home);
      model.trainQformer();
      List<Parameter> trained =
          model.parameters().values().stream().filter(Parameter::isTrained).toList();
      Path file = folder.resolve(run).resolve(String.format("step-%08d.safetensors", step));
      CheckpointFolder.loadParameters(file, trained);
      trained.forEach(each -> weights.put(each.name(), each.value().toFloats()));
    }
    return weights;
  }

  @Test
  void resume_onAnotherNumberOfRanks_goesOn() throws IOException {
    train("one", Ranks.ALONE, 4, 6, 1, false);
    train("parts", 4, 4, 2, 1, false);
    train("parts", 2, 4, 4, 1, true);
    train("parts", Ranks.ALONE, 4, 6, 1, true);

    assertLosses("one", "parts", 6);
    assertWeights("one", "parts", 6, 2e-5f);
  }

  @Test
  void batch_thatRanksCannotShare_isRefused() {
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> train("ranks", 3, 4, 1, 1, false));
    assertTrue(String.valueOf(e.getMessage()).contains("a multiple of the 3 ranks expected, got 4"));
  }

  private void train(
      String run, int ranks, int batchSize, int steps, int accumulate, boolean resume) {
    InMemoryCollectives.run(
        ranks,
        LIMIT,
        each -> {
          try {
            train(run, Ranks.of(each), batchSize, steps, accumulate, resume);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private void train(
      String run, Ranks ranks, int batchSize, int steps, int accumulate, boolean resume)
      throws IOException {
    var schedule = new Schedule.WarmupCosine(1e-3, 1e-4, 9, new Warmup(1e-4, 3));
    var settings =
        TrainingSettings.of(folder.resolve(run), schedule)
            .withEpochs(99)
            .withMaxSteps(steps)
            .withAccumulate(accumulate)
            .withLogEvery(1)
            .withSeed(7);
    try (Scope home = Scope.detached();
        var tokenizer = HuggingFaceTokenizer.open(Scenes.MODEL)) {
      Blip2RetrievalModel model = RetrievalLoader.load(Scenes.MODEL, home);
      model.trainQformer();
      CaptionSet set =
          CaptionSet.open(List.of(captions), Scenes.IMAGES, CaptionSet.Faulty.REFUSE);
      var batches =
          CaptionBatches.of(set, Scenes.processor(), batchSize, 42)
              .with(Augmentation.blip2())
              .among(ranks);
      var groups = ParameterGroup.of(model.parameters().values(), 0.05);
      try (var optimizer = new AdamW(groups, AdamWRule.DEFAULT)) {
        var trainer =
            new Trainer<>(StageOneTraining.of(model, tokenizer), batches, optimizer, settings)
                .among(ranks);
        if (resume) {
          trainer.resume(TrainingListener.NONE);
        } else {
          trainer.start(TrainingListener.NONE);
        }
      }
    }
  }
}
