package io.github.blip2j.training;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.InScope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(InScope.class)
final class DivergenceTest {
  private final Path folder;
  private final Toy toy = new Toy(7, 0);
  private final Toy twin = new Toy(7, 0);

  DivergenceTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void release() {
    toy.close();
    twin.close();
  }

  private TrainingSettings settings(String name) {
    return TrainingSettings.of(folder.resolve(name), Schedule.Constant.of(0.02));
  }

  private void twinLearnsTwoSteps() throws IOException {
    new Trainer<>(twin::losses, Toy.source(5, 4), twin.optimizer, settings("twin").withMaxSteps(2))
        .start(TrainingListener.NONE);
  }

  @Test
  void start_lossNotANumber_namesStepAndSamplesAndKeepsTheLastGood() throws IOException {
    twinLearnsTwoSteps();
    Objective<Toy.ToyBatch> poisoned =
        (batch, pass) -> {
          Losses losses = toy.losses(batch, pass);
          return batch.first() == 8
              ? new Losses(losses.total().mul(Double.NaN), losses.parts())
              : losses;
        };
    var trainer = new Trainer<>(poisoned, Toy.source(5, 4), toy.optimizer, settings("run"));

    var thrown =
        assertThrows(TrainingDivergedException.class, () -> trainer.start(TrainingListener.NONE));

    Losses clean = toy.losses(new Toy.ToyBatch(8, 4), ForwardPass.evaluation());
    assertEquals(
        String.format(
            Locale.ROOT,
            "step 3: losses expected finite, got loss=NaN, loss_error=%s for samples s8, s9, s10, s11; largest norms of weights: %s; look at these samples, or resume with a lower rate; if the weights of step-00000002.safetensors are too large already, remove it and start again",
            clean.values().get("loss_error"),
            Norms.ofWeights(twin.optimizer)),
        thrown.getMessage());
    assertEquals(3, thrown.step());
    assertUnmoved();
  }

  @Test
  void start_gradientNotANumber_namesParametersAndMovesNothing() throws IOException {
    twinLearnsTwoSteps();
    Objective<Toy.ToyBatch> poisoned =
        (batch, pass) -> {
          Losses losses = toy.losses(batch, pass);
          // The root of zero: a loss of 0 with a slope that is infinite, times zero.
          return batch.first() == 8
              ? Losses.of(losses.total().add(losses.total().mul(0).sqrt()))
              : losses;
        };
    var trainer = new Trainer<>(poisoned, Toy.source(5, 4), toy.optimizer, settings("run"));

    var thrown =
        assertThrows(TrainingDivergedException.class, () -> trainer.start(TrainingListener.NONE));

    assertEquals(
        "step 3: gradients expected finite, got a norm of NaN for samples s8, s9, s10, s11; largest norms of gradients: first.bias NaN, second.bias NaN, first.weight NaN, second.weight NaN; look at these samples, or resume with a lower rate; if the weights of step-00000002.safetensors are too large already, remove it and start again",
        thrown.getMessage());
    assertUnmoved();
  }

  /** One rate that is far too high leaves weights that are finite, in the newest checkpoint. */
  @Test
  void start_explodedWeights_namesTheCheckpointBefore() throws IOException {
    TrainingSettings settings =
        TrainingSettings.of(
                folder.resolve("run"), (epoch, batch) -> epoch == 0 && batch == 3 ? 1e30 : 0.02)
            .withCheckpointEvery(2)
            .withKeep(1);
    var trainer = new Trainer<>(toy::losses, Toy.source(5, 4), toy.optimizer, settings);

    var thrown =
        assertThrows(TrainingDivergedException.class, () -> trainer.start(TrainingListener.NONE));

    assertTrue(
        String.valueOf(thrown.getMessage())
            .endsWith(
                "; look at these samples, or resume with a lower rate; if the weights of"
                    + " step-00000004.safetensors are too large already, remove it and resume from"
                    + " step-00000002.safetensors"),
        thrown::getMessage);
  }

  @Test
  void start_manySamples_namesTheFirst() {
    Objective<Toy.ToyBatch> poisoned =
        (batch, pass) -> Losses.of(toy.losses(batch, pass).total().mul(Double.POSITIVE_INFINITY));
    var trainer = new Trainer<>(poisoned, Toy.source(1, 20), toy.optimizer, settings("run"));

    var thrown =
        assertThrows(TrainingDivergedException.class, () -> trainer.start(TrainingListener.NONE));

    assertEquals(
        String.format(
            Locale.ROOT,
            "step 1: losses expected finite, got loss=Infinity for samples s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, s12, s13, s14, s15 and 4 more; largest norms of weights: %s; look at these samples, or resume with a lower rate",
            Norms.ofWeights(twin.optimizer)),
        thrown.getMessage());
  }

  /** Everything is where two good steps left it, in memory and on disk. */
  private void assertUnmoved() throws IOException {
    assertArrayEquals(twin.weights(), toy.weights());
    twin.optimizer
        .state()
        .forEach(
            (name, tensor) ->
                assertArrayEquals(
                    tensor.toDoubles(),
                    requireNonNull(toy.optimizer.state().get(name)).toDoubles(),
                    name));
    assertNull(toy.optimizer.parameters().get(0).gradient());
    try (Toy fresh = new Toy(1, 0)) {
      CheckpointFolder saved =
          new CheckpointFolder(
              folder.resolve("run"),
              fresh.optimizer,
              (file, name, bytes) -> file.write(name, bytes));
      Path newest = folder.resolve("run").resolve("step-00000002.safetensors");
      assertEquals(newest, saved.newest());
      saved.restore(newest, settings("run"));
      assertArrayEquals(twin.weights(), fresh.weights());
    }
  }
}
