package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.LayerDecay;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.tensor.InScope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a resume refuses or tells of objectives and groups of parameters. */
@ExtendWith(InScope.class)
final class ResumeSettingsTest {
  private static final String FILE = "step-00000002.safetensors";

  private final Path run;
  private final Toy toy = new Toy(7, 0.25);
  private final List<String> told = new ArrayList<>();

  ResumeSettingsTest(@TempDir Path folder) {
    this.run = folder.resolve("run");
  }

  @AfterEach
  void release() {
    toy.close();
  }

  /** The toy's objective with constants and settings. */
  private record Described(Toy toy, Map<String, String> constants, Map<String, String> settings)
      implements Objective<Toy.ToyBatch> {
    @Override
    public Losses losses(Toy.ToyBatch batch, ForwardPass pass) {
      return toy.losses(batch, pass);
    }
  }

  private Objective<Toy.ToyBatch> objective(String alpha, String weight) {
    return new Described(toy, Map.of("alpha", alpha), Map.of("weight", weight));
  }

  private void train(
      Objective<Toy.ToyBatch> objective, List<ParameterGroup> groups, long steps, boolean resumes)
      throws IOException {
    TrainingListener listener =
        new TrainingListener() {
          @Override
          public void resumed(TrainingPosition position, List<String> changes) {
            told.addAll(changes);
          }
        };
    try (var optimizer = new AdamW(groups, Toy.RULE)) {
      var settings = Toy.shortRun(run).withMaxSteps(steps);
      var trainer = new Trainer<>(objective, Toy.source(3, 4), optimizer, settings);
      if (resumes) {
        trainer.resume(listener);
      } else {
        trainer.start(listener);
      }
    }
  }

  private List<ParameterGroup> groups(double decay) {
    return ParameterGroup.of(toy.params.all().values(), decay);
  }

  @Test
  void resume_otherConstantOfTheObjective_isRefused() throws IOException {
    train(objective("16", "1"), groups(0.05), 2, false);

    assertRefused(objective("8", "1"), "alpha expected 16, with which the run was started, got 8");
    assertRefused(
        new Described(toy, Map.of(), Map.of("weight", "1")),
        "alpha expected 16, with which the run was started, got none");
    train(objective("16", "1").withGradientCheckpointing(), groups(0.05), 3, true);
    assertEquals(List.of(), told);
  }

  private void assertRefused(Objective<Toy.ToyBatch> objective, String what) {
    var refused =
        assertThrows(CheckpointException.class, () -> train(objective, groups(0.05), 3, true));

    assertEquals(
        FILE + ": " + what + " from the settings of this resume; resume with 16",
        refused.getMessage());
  }

  @Test
  void resume_otherSettings_areTold() throws IOException {
    train(objective("16", "1"), groups(0.05), 2, false);
    var layers = new LayerDecay(0.5, 0, name -> name.startsWith("first") ? 0 : 1);

    train(
        objective("16", "0.5"), ParameterGroup.of(toy.params.all().values(), 0.1, layers), 3, true);

    assertEquals(
        List.of(
            "lr_scale 1.0 of 4 -> 0.5 of 2, 1.0 of 2",
            "weight_decay 0.0 of 2, 0.05 of 2 -> 0.0 of 2, 0.1 of 2",
            "weight 1 -> 0.5"),
        told);
  }

  @Test
  void resume_ofACheckpointWithoutThem_isAccepted() throws IOException {
    train(toy::losses, groups(0.05), 2, false);

    train(objective("16", "0.5"), groups(0.05), 3, true);

    assertEquals(List.of(), told);
  }
}
