package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.distributed.InMemoryCollectives;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.optim.Warmup;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Runs of one process and of ranks in memory, and their comparison. */
final class ParallelRuns {
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final Path folder;
  private final Map<String, Map<String, float[]>> weights = new HashMap<>();

  ParallelRuns(Path folder) {
    this.folder = folder;
  }

  /** Trains on one rank, by {@link #train}. */
  @FunctionalInterface
  interface Training {
    void run(Ranks ranks) throws IOException;
  }

  /** Runs it on ranks in memory, or alone. */
  void on(int ranks, Training training) throws IOException {
    if (ranks == 1) {
      training.run(Ranks.ALONE);
      return;
    }
    InMemoryCollectives.run(
        ranks,
        LIMIT,
        each -> {
          try {
            training.run(Ranks.of(each));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  TrainingSettings settings(String run, int steps) {
    var schedule = new Schedule.WarmupCosine(1e-4, 1e-5, 9, new Warmup(1e-5, 3));
    return TrainingSettings.of(folder.resolve(run), schedule)
        .withEpochs(99)
        .withMaxSteps(steps)
        .withLogEvery(1)
        .withSeed(7);
  }

  /** Trains, or goes on with what is there, and remembers the weights of rank 0. */
  void train(
      Ranks ranks,
      Objective<CaptionBatch> objective,
      CaptionBatches batches,
      List<Parameter> parameters,
      TrainingSettings settings)
      throws IOException {
    List<Parameter> trained = parameters.stream().filter(Parameter::isTrained).toList();
    boolean resumed = weights.containsKey(settings.output().toString());
    try (var optimizer = new AdamW(ParameterGroup.of(trained, 0.05), AdamWRule.DEFAULT)) {
      var trainer =
          new Trainer<>(objective, batches.among(ranks), optimizer, settings).among(ranks);
      if (resumed) {
        trainer.resume(TrainingListener.NONE);
      } else {
        trainer.start(TrainingListener.NONE);
      }
    }
    ranks.any(true); // all have looked
    if (ranks.isFirst()) {
      Map<String, float[]> values = new HashMap<>();
      trained.forEach(each -> values.put(each.name(), each.value().toFloats()));
      weights.put(settings.output().toString(), values);
    }
  }

  /** Compares the losses of all updates and the final weights of two runs. */
  void assertSame(String expected, String actual, int steps, float tolerance) throws IOException {
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
              tolerance(each.getKey()) * Math.abs(loss),
              each.getKey() + " of update " + (i + 1));
        }
      }
    }
    // Attention does not depend on the keys' bias: its gradient is rounding, which Adam enlarges.
    weightsOf(actual)
        .forEach(
            (name, own) -> {
              if (!name.contains("key.bias")) {
                assertArrayEquals(weightsOf(expected).get(name), own, tolerance, name);
              }
            });
  }

  /** Contrast compares at a temperature of 0.07, which makes 14 of a rounding error of 1. */
  private static double tolerance(String loss) {
    return loss.equals("loss") ? 1e-6 : 2e-6;
  }

  private Map<String, float[]> weightsOf(String run) {
    return Objects.requireNonNull(weights.get(folder.resolve(run).toString()));
  }

  private List<JsonObject> updates(String run) throws IOException {
    return Files.readAllLines(folder.resolve(run).resolve("log.jsonl")).stream()
        .map(line -> JsonParser.parseString(line).getAsJsonObject())
        .filter(line -> line.has("loss"))
        .toList();
  }
}
