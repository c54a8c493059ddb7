package org.example.research;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.pretraining.CaptionBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Objectives and schedules of one's own, on a Q-Former of one's own sizes. */
final class ObjectiveTest {
  private final Path folder;

  ObjectiveTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void training_withOwnObjectiveScheduleAndSizes_runsAndLogsItsParts() throws IOException {
    List<StepReport> reports = new ArrayList<>();
    try (Lab lab = new Lab()) {
      var settings = Lab.settings(folder.resolve("run")).withMaxSteps(4).withClipNorm(1e9);
      new Trainer<>(new Diversity(lab.stageOne, 0.5), Lab.batches(folder), lab.optimizer, settings)
          .start(
              new TrainingListener() {
                @Override
                public void stepped(StepReport report) {
                  reports.add(report);
                }
              });

      var state = lab.model.qformer().stateDict();
      assertEquals(6 * 24, Objects.requireNonNull(state.get("queries")).size());
      assertTrue(state.keySet().stream().noneMatch(name -> name.startsWith("vision.")));
    }
    double[] rates = reports.stream().mapToDouble(StepReport::lr).toArray();
    assertArrayEquals(new double[] {2e-3 / 13, 4e-3 / 13, 6e-3 / 13, 8e-3 / 13}, rates, 1e-15);
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

  @Test
  void losses_ofMaskedWords_areThoseOfStageOneAndOneMore() throws IOException {
    try (Lab lab = new Lab();
        Scope scope = Scope.open();
        Stream<CaptionBatch> batches = Lab.batches(folder).open(0, 0)) {
      CaptionBatch batch = batches.iterator().next();

      Losses plain = lab.stageOne.losses(batch, ForwardPass.training(new SplittableRandom(5)));
      Losses more = lab.objective.losses(batch, ForwardPass.training(new SplittableRandom(5)));

      assertEquals(List.of("itc", "itm", "itg", "mlm"), List.copyOf(more.parts().keySet()));
      plain.parts().forEach((name, part) -> assertEquals(part.item(), item(more, name), name));
      double words = item(more, "mlm");
      assertEquals(plain.total().item() + 0.5 * words, more.total().item(), 1e-5);
      int vocabulary = lab.model.config().qformer().bert().vocabSize();
      assertEquals(Math.log(vocabulary), words, 0.5, "untrained, so about uniform");
    }
  }

  private static double item(Losses losses, String name) {
    return Objects.requireNonNull(losses.parts().get(name)).item();
  }

  @Test
  void losses_ofObjectivesOnTop_encodeImagesAndQueriesOnce() throws IOException {
    try (Lab lab = new Lab()) {
      Map<String, Integer> plain = passes(lab.stageOne);

      assertEquals(plain, passes(new Diversity(lab.stageOne, 0.5)));

      plain.merge("qformer", 1, Integer::sum); // the masked text with its image
      assertEquals(plain, passes(lab.objective));
      assertEquals(1, Objects.requireNonNull(plain.get("vision")));
    }
  }

  /** How often each encoder was called. */
  private Map<String, Integer> passes(Objective<CaptionBatch> objective) throws IOException {
    Map<String, Integer> calls = Collections.synchronizedMap(new TreeMap<>());
    var counting =
        new ForwardPass.Observer() {
          @Override
          public void hiddenState(String path, int index, Tensor x) {
            if (index == 0) {
              calls.merge(path.substring(0, (path + ".").indexOf('.')), 1, Integer::sum);
            }
          }
        };
    try (Scope scope = Scope.open();
        Stream<CaptionBatch> batches = Lab.batches(folder).open(0, 0)) {
      ForwardPass pass = ForwardPass.training(new SplittableRandom(5)).observedBy(counting);
      objective.losses(batches.iterator().next(), pass);
    }
    return calls;
  }
}
