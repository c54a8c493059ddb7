package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.distributed.Collectives;
import io.github.blip2j.distributed.InMemoryCollectives;
import io.github.blip2j.distributed.RankException;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.training.Toy.ToyBatch;
import io.github.blip2j.training.parallel.GradientExchange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Runs of two or four ranks that have the same batches: the mean of their gradients is that of one,
 * to the bit.
 */
@Timeout(60)
@ExtendWith(InScope.class)
final class ParallelRunTest {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Path folder;
  private final Map<Integer, float[]> weights = new ConcurrentHashMap<>();

  ParallelRunTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** How ranks train. */
  private record Way(GradientExchange exchange, boolean sharing) {
    static final Way DEFAULT = new Way(GradientExchange.DEFAULT, false);
    static final Way SHARING = new Way(GradientExchange.DEFAULT, true);
  }

  /** What befalls a rank. */
  @FunctionalInterface
  private interface Trouble {
    Objective<ToyBatch> in(Objective<ToyBatch> objective, Ranks ranks);
  }

  private TrainingSettings settings(String name) {
    return Toy.shortRun(folder.resolve(name)).withKeep(9);
  }

  private void train(int size, Way way, TrainingSettings settings, boolean resumed) {
    train(size, way, settings, resumed, TrainingListener.NONE, (objective, ranks) -> objective);
  }

  private void train(
      int size,
      Way way,
      TrainingSettings settings,
      boolean resumed,
      TrainingListener listener,
      Trouble trouble) {
    InMemoryCollectives.run(
        size,
        LIMIT,
        each -> {
          Ranks ranks = Ranks.of(each);
          try (Scope scope = Scope.open();
              Toy toy = new Toy(7, 0)) {
            if (way.sharing) {
              toy.optimizer.shareState(ranks);
            }
            Trainer<ToyBatch> trainer =
                new Trainer<>(
                        trouble.in(toy::losses, ranks), Toy.source(3, 4), toy.optimizer, settings)
                    .among(ranks, way.exchange);
            if (resumed) {
              trainer.resume(listener);
            } else {
              trainer.start(listener);
            }
            weights.put(ranks.rank(), toy.weights());
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private float[] alone(String name) throws IOException {
    try (Toy toy = new Toy(7, 0)) {
      toy.trainer(settings(name)).start(TrainingListener.NONE);
      return toy.weights();
    }
  }

  @ParameterizedTest
  @CsvSource({"2, true, false", "2, false, false", "4, true, true", "2, false, true"})
  void start_onRanks_isThatOfOneProcess(int size, boolean overlapping, boolean sharing)
      throws IOException {
    float[] expected = alone("one");
    var way = new Way(GradientExchange.DEFAULT.withOverlapping(overlapping), sharing);

    train(size, way, settings("ranks"), false);

    assertEquals(size, weights.size());
    weights.values().forEach(each -> assertArrayEquals(expected, each));
    assertEquals(Toy.log(folder.resolve("one")), Toy.log(folder.resolve("ranks")));
    assertSameCheckpoint("step-00000006.safetensors");
    assertSameCheckpoint("step-00000002.safetensors");
  }

  private void assertSameCheckpoint(String name) throws IOException {
    assertArrayEquals(
        Files.readAllBytes(folder.resolve("one").resolve(name)),
        Files.readAllBytes(folder.resolve("ranks").resolve(name)),
        name);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void resume_ofSharedState_onAnotherNumberOfRanks_isThatOfOneProcess(int size) throws IOException {
    float[] expected = alone("one");
    train(2, Way.SHARING, settings("ranks").withMaxSteps(3), false);

    train(size, size == 2 ? Way.DEFAULT : Way.SHARING, settings("ranks"), true);

    assertArrayEquals(expected, weights.get(0));
    assertEquals(Toy.log(folder.resolve("one")), Toy.log(folder.resolve("ranks")));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void listener_thatFails_endsAllAndSavesTheLastUpdate(boolean sharing) throws IOException {
    var way = new Way(GradientExchange.DEFAULT, sharing);
    var failing =
        new TrainingListener() {
          @Override
          public void updated(TrainStep.Outcome outcome, RunControl run) {
            if (outcome.position().step() == 3) {
              throw new IllegalStateException("no more room");
            }
          }
        };

    var e =
        assertThrows(
            RuntimeException.class,
            () ->
                train(2, way, settings("ranks"), false, failing, (objective, ranks) -> objective));

    assertTrue(String.valueOf(e.getMessage()).contains("no more room"), e::toString);
    assertEquals(1, e.getSuppressed().length); // of the rank that failed later
    assertEquals(
        Set.of(ListenerException.class, RankException.class),
        Set.of(e.getClass(), e.getSuppressed()[0].getClass()));
    assertTrue(Files.exists(folder.resolve("ranks/step-00000003.safetensors")));

    float[] expected = alone("one");
    train(2, way, settings("ranks"), true);
    assertArrayEquals(expected, weights.get(1));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void loss_thatIsNotFiniteOnARank_endsAllAndNamesIt(boolean sharing) {
    var way = new Way(GradientExchange.DEFAULT, sharing);

    var e =
        assertThrows(
            TrainingDivergedException.class,
            () ->
                train(
                    2,
                    way,
                    settings("ranks"),
                    false,
                    TrainingListener.NONE,
                    ParallelRunTest::notFiniteInTheFourthUpdate));

    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("rank 1: step 4: losses expected finite, got loss="), message);
    assertTrue(message.contains("for samples s4, s5, s6, s7"), message);
    assertEquals(TrainingDivergedException.class, e.getSuppressed()[0].getClass());
    assertTrue(Files.exists(folder.resolve("ranks/step-00000003.safetensors")));
  }

  private static Objective<ToyBatch> notFiniteInTheFourthUpdate(
      Objective<ToyBatch> objective, Ranks ranks) {
    int[] calls = {0};
    return (batch, pass) -> {
      Losses losses = objective.losses(batch, pass);
      boolean now = ++calls[0] == 4 && ranks.rank() == 1;
      return now ? Losses.of(losses.total().mul(Double.NaN)).with("error", losses.total()) : losses;
    };
  }

  /** A full disk, on rank 0 alone. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void checkpoint_thatCannotBeWritten_endsAllAndLeavesTheOneBefore(boolean sharing)
      throws IOException {
    TrainingSettings settings = settings("ranks");
    var e =
        assertThrows(
            RuntimeException.class,
            () ->
                InMemoryCollectives.run(
                    2, LIMIT, each -> trainOnAFullDisk(each, settings, sharing)));

    String all = e + " " + e.getSuppressed()[0];
    assertTrue(all.contains("No space left on device"), all);
    assertTrue(all.contains("RankException: rank 0: "), all);
    assertTrue(Files.exists(folder.resolve("ranks/step-00000002.safetensors")));
    assertFalse(Files.exists(folder.resolve("ranks/step-00000004.safetensors")));

    float[] expected = alone("one");
    train(2, new Way(GradientExchange.DEFAULT, sharing), settings, true);
    assertArrayEquals(expected, weights.get(0));
  }

  private static void trainOnAFullDisk(
      Collectives collectives, TrainingSettings settings, boolean sharing) {
    Ranks ranks = Ranks.of(collectives);
    long[] room = {700}; // less than two checkpoints
    CheckpointFolder.Pipe pipe =
        (file, tensor, bytes) -> {
          room[0] -= bytes.remaining();
          if (room[0] < 0) {
            throw new IOException("No space left on device");
          }
          file.write(tensor, bytes);
        };
    try (Scope scope = Scope.open();
        Toy toy = new Toy(7, 0)) {
      if (sharing) {
        toy.optimizer.shareState(ranks);
      }
      new Trainer<>(
              Toy.source(3, 4),
              settings,
              new TrainStep<>(toy::losses, toy.optimizer, settings),
              new CheckpointFolder(settings.output(), toy.optimizer, pipe),
              System::nanoTime)
          .among(ranks)
          .start(TrainingListener.NONE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The others can't be asked for their parts of the state: the checkpoint before is the newest.
   */
  @Test
  void rank_thatFailsByItself_leavesTheCheckpointBefore() throws IOException {
    var e =
        assertThrows(
            IllegalStateException.class,
            () ->
                train(
                    2,
                    Way.SHARING,
                    settings("ranks"),
                    false,
                    TrainingListener.NONE,
                    ParallelRunTest::failingInTheFourthUpdate));

    assertEquals("as if", e.getMessage());
    assertTrue(Files.exists(folder.resolve("ranks/step-00000002.safetensors")));
    assertFalse(Files.exists(folder.resolve("ranks/step-00000003.safetensors")));

    float[] expected = alone("one");
    train(4, Way.SHARING, settings("ranks"), true);
    assertArrayEquals(expected, weights.get(3));
  }

  private static Objective<ToyBatch> failingInTheFourthUpdate(
      Objective<ToyBatch> objective, Ranks ranks) {
    int[] calls = {0};
    return (batch, pass) -> {
      if (++calls[0] == 4 && ranks.rank() == 1) {
        throw new IllegalStateException("as if");
      }
      return objective.losses(batch, pass);
    };
  }

  @Test
  void settings_thatDifferOnARank_areFoundBeforeTheFirstUpdate() {
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                InMemoryCollectives.run(
                    2,
                    LIMIT,
                    each -> {
                      Ranks ranks = Ranks.of(each);
                      try (Scope scope = Scope.open();
                          Toy toy = new Toy(7, 0)) {
                        if (ranks.isFirst()) {
                          toy.optimizer.shareState(ranks);
                        }
                        toy.trainer(settings("ranks")).among(ranks).start(TrainingListener.NONE);
                      } catch (IOException failed) {
                        throw new UncheckedIOException(failed);
                      }
                    }));

    assertTrue(
        String.valueOf(e.getMessage())
            .contains("sharing of the optimizer's state expected equal on all"),
        e::toString);
  }

  @Test
  void bfloat16_sums_trainToAlmostTheSame() throws IOException {
    float[] expected = alone("one");
    var way = new Way(GradientExchange.DEFAULT.withPrecision(Precision.BFLOAT16), false);

    train(2, way, settings("ranks"), false);

    float[] actual = weights.get(0);
    assertNotNull(actual);
    assertArrayEquals(actual, weights.get(1));
    assertArrayEquals(expected, actual, 0.01f);
    assertFalse(Arrays.equals(expected, actual), "rounded");
  }
}
