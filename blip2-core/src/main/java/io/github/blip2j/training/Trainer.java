package io.github.blip2j.training;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.io.file.FolderLock;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.training.parallel.GradientExchange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The training loop: requests batches, makes updates, logs them, writes checkpoints.
 *
 * <p>Its parts can be used apart: {@link TrainStep}, {@link CheckpointFolder}, {@link TrainingLog}.
 *
 * <p>A run that is stopped and resumed ends with the same bits as one that was not. Dropout draws
 * from a source derived from the seed and the number of the update, batches are requested by epoch
 * and position, and a checkpoint holds the rest: parameters, position, and the states of optimiser,
 * objective and listeners.
 *
 * <p>A run that fails, for example by an unreadable image, a loss that is not finite or a listener
 * that throws, saves its last update before it throws, without removing older checkpoints. If
 * saving fails too, that exception is a suppressed one. Only an update of the parameters that fails
 * halfway, or leaves one of them not finite, cannot be saved.
 *
 * <p>Parameters, gradients and the optimiser's state are float32. The compute precision of linear
 * maps is set by the parameters ({@link io.github.blip2j.nn.Parameter#computeIn}).
 *
 * <p>Differs from LAVIS: batches at the end of an epoch that do not fill an update are dropped;
 * there their gradients enter the first update of the next epoch. The logged loss is the mean over
 * an update's batches; there it is divided by their number once more.
 *
 * @param <B> a batch
 */
public final class Trainer<B extends Batch> {
  static final FolderLock.Owner OWNER = new FolderLock.Owner("training", "a run", "another run");

  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private final Parts<B> parts;
  private volatile boolean stopping;

  /**
   * The parts of a run.
   *
   * @param checkpoints with the sizes of the source and the state of the objective
   */
  record Parts<B extends Batch>(
      BatchSource<B> source,
      TrainingSettings settings,
      TrainStep<B> update,
      CheckpointFolder checkpoints,
      LongSupplier nanoTime) {
    Parts<B> among(Ranks ranks, GradientExchange exchange) {
      return new Parts<>(source, settings, update.among(ranks, exchange), checkpoints, nanoTime);
    }

    Parts<B> withAverage(WeightAverage average) {
      return new Parts<>(
          source,
          settings,
          update.withAverage(average),
          checkpoints.withAverage(average),
          nanoTime);
    }
  }

  /** A loop that updates the optimizer's parameters. */
  public Trainer(
      Objective<B> objective,
      BatchSource<B> source,
      Optimizer optimizer,
      TrainingSettings settings) {
    this(
        source,
        settings,
        new TrainStep<>(objective, optimizer, settings),
        new CheckpointFolder(settings.output(), optimizer),
        System::nanoTime);
  }

  Trainer(
      BatchSource<B> source,
      TrainingSettings settings,
      TrainStep<B> update,
      CheckpointFolder checkpoints,
      LongSupplier nanoTime) {
    this(
        new Parts<>(
            source, settings, update, complete(checkpoints, source, settings, update), nanoTime));
  }

  private Trainer(Parts<B> parts) {
    this.parts = parts;
  }

  private static CheckpointFolder complete(
      CheckpointFolder checkpoints,
      BatchSource<?> source,
      TrainingSettings settings,
      TrainStep<?> update) {
    Map<String, Long> sizes = new HashMap<>(source.sizes());
    sizes.put("accumulate", (long) settings.accumulate());
    return checkpoints.withSizes(sizes).withObjective(update.objective());
  }

  /**
   * This loop with an average of the optimizer's parameters, which every update moves and every
   * checkpoint holds. A run with one is resumed with one.
   */
  public Trainer<B> withAverage(WeightAverage average) {
    return new Trainer<>(parts.withAverage(average));
  }

  /**
   * This loop on one of several ranks. Its source has this rank's share of each batch. Rank 0 alone
   * writes log and checkpoints and calls its listener; a run is resumed with any number of ranks.
   * All ranks must see the folder of checkpoints.
   */
  public Trainer<B> among(Ranks ranks) {
    return among(ranks, GradientExchange.DEFAULT);
  }

  /** As {@link #among(Ranks)}, with gradients added in another way. */
  public Trainer<B> among(Ranks ranks, GradientExchange exchange) {
    return new Trainer<>(parts.among(ranks, exchange));
  }

  /**
   * Checks that a run can write to a folder, before a model is loaded.
   *
   * @throws IllegalStateException if another run writes there
   * @throws IOException if the path is no folder
   */
  public static void requireFree(Path output) throws IOException {
    OutputFile.requireFolder(output);
    FolderLock.requireFree(output, OWNER);
  }

  /**
   * Trains from the beginning to the end that the settings name.
   *
   * @return the final position, which has a checkpoint
   * @throws IllegalStateException if the folder holds checkpoints already, or another run writes
   *     there
   * @throws TrainingDivergedException if a loss or gradient is not finite
   * @throws IOException if log or checkpoint can't be written; the previous checkpoint is complete
   *     then
   */
  public TrainingPosition start(TrainingListener listener) throws IOException {
    try (var lock = locked(parts.checkpoints::requireNone)) {
      return train(TrainingPosition.START, new Run<>(parts, calls(listener)));
    }
  }

  /**
   * Resumes training from the newest checkpoint, as if there had been no stop.
   *
   * @return the final position, which has a checkpoint
   * @throws IllegalStateException if there is no checkpoint, or another run writes there
   * @throws io.github.blip2j.io.file.CheckpointException if it is of another model, optimiser, seed
   *     or precision, other batches or another {@code accumulate}, or a position that this run does
   *     not reach
   * @throws TrainingDivergedException if a loss or gradient is not finite
   * @throws IOException if log or checkpoint can't be written; the previous checkpoint is complete
   *     then
   */
  public TrainingPosition resume(TrainingListener listener) throws IOException {
    if (ranks().areAlone() && !Files.isDirectory(parts.settings.output())) {
      throw nothingToResume();
    }
    Path[] newest = new Path[1];
    try (var lock = locked(() -> newest[0] = requireNewest())) {
      return trainFrom(told(newest[0]), calls(listener));
    }
  }

  private Path requireNewest() throws IOException {
    @Nullable Path newest = parts.checkpoints.newest();
    if (newest == null) {
      throw nothingToResume();
    }
    return newest;
  }

  /** What rank 0 has found. */
  private Path told(@Nullable Path own) {
    return Path.of(ranks().gather(own == null ? "" : own.toString()).get(0));
  }

  private Ranks ranks() {
    return parts.update.ranks();
  }

  /**
   * Resumes training from any checkpoint, such as a named one, of this run's folder or another's.
   *
   * @return the final position, which has a checkpoint
   * @throws IllegalStateException if the settings' folder holds a checkpoint of a later update, or
   *     another run writes there
   * @throws io.github.blip2j.io.file.CheckpointException as for {@link #resume}
   * @throws TrainingDivergedException if a loss or gradient is not finite
   * @throws IOException as for {@link #resume}
   */
  public TrainingPosition resumeFrom(Path checkpoint, TrainingListener listener)
      throws IOException {
    try (var lock =
        locked(() -> parts.checkpoints.requireNoneAfter(CheckpointFolder.stepOf(checkpoint)))) {
      return trainFrom(checkpoint, calls(listener));
    }
  }

  /** Something that is checked while the folder is locked. */
  @FunctionalInterface
  private interface Check {
    void run() throws IOException;
  }

  /** The folder for rank 0 alone, checked; the others fail with it. */
  private Lock locked(Check check) throws IOException {
    return ranks()
        .agreeIo(
            () -> {
              if (!ranks().isFirst()) {
                return () -> {};
              }
              OutputFile.makeFolder(parts.settings.output());
              FolderLock lock = FolderLock.take(parts.settings.output(), OWNER);
              try {
                check.run();
                return lock::close;
              } catch (IOException | RuntimeException | Error e) {
                lock.close();
                throw e;
              }
            });
  }

  @FunctionalInterface
  private interface Lock extends AutoCloseable {
    @Override
    void close() throws IOException;
  }

  private ListenerCalls calls(TrainingListener listener) {
    return new ListenerCalls(listener, this::stop, parts.update::opened);
  }

  private TrainingPosition trainFrom(Path checkpoint, ListenerCalls calls) throws IOException {
    CheckpointFolder within = parts.checkpoints.withBatches(parts.source.batchesPerEpoch());
    var run = new Run<>(parts, calls);
    List<String> changes = new ArrayList<>();
    TrainingPosition at =
        ranks()
            .agreeIo(
                () ->
                    within.restore(
                        checkpoint,
                        parts.settings,
                        (numbers, differences) -> {
                          run.restore(numbers);
                          changes.addAll(differences);
                        }));
    if (!changes.isEmpty()) {
      LOG.info("resumed after step {} with {}", at.step(), String.join(", ", changes));
    }
    if (ranks().isFirst()) {
      calls.resumed(at, changes);
    }
    return train(at, run);
  }

  private IllegalStateException nothingToResume() {
    return new IllegalStateException(
        String.format(
            Locale.ROOT,
            "training: checkpoint expected in %s, got none; start instead",
            parts.settings.output()));
  }

  /**
   * Ends the run after the current update, with a checkpoint; for other threads and for listeners.
   * A stopped trainer cannot be started again.
   */
  public void stop() {
    stopping = true;
  }

  private TrainingPosition train(TrainingPosition from, Run<B> run) throws IOException {
    LOG.info(
        "training from step {} with {} and a rate of {}",
        from.step(),
        parts.update.optimizer().name(),
        CheckpointHeader.text(parts.settings.schedule()));
    EqualRanks.require(ranks(), parts, from);
    try {
      return run.from(from, () -> stopping);
    } catch (TrainingDivergedException e) { // after the last update is saved
      throw e.with(parts.checkpoints.adviceAfterDivergence());
    }
  }
}
