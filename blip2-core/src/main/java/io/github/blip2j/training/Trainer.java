package io.github.blip2j.training;

import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.optim.Optimizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
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
  private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

  private final BatchSource<B> source;
  private final TrainingSettings settings;
  private final TrainStep<B> update;
  private final CheckpointFolder checkpoints;
  private final LongSupplier nanoTime;
  private volatile boolean stopping;

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
    this.source = source;
    this.settings = settings;
    this.update = update;
    Map<String, Long> sizes = new HashMap<>(source.sizes());
    sizes.put("accumulate", (long) settings.accumulate());
    this.checkpoints = checkpoints.withSizes(sizes).withObjective(update.objective());
    this.nanoTime = nanoTime;
  }

  /**
   * Checks that a run can write to a folder, before a model is loaded.
   *
   * @throws IllegalStateException if another run writes there
   * @throws IOException if the path is no folder
   */
  public static void requireFree(Path output) throws IOException {
    OutputFile.requireFolder(output);
    FolderLock.requireFree(output);
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
    OutputFile.makeFolder(settings.output());
    try (var lock = FolderLock.take(settings.output())) {
      checkpoints.requireNone();
      return train(TrainingPosition.START, calls(listener));
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
    if (!Files.isDirectory(settings.output())) {
      throw nothingToResume();
    }
    try (var lock = FolderLock.take(settings.output())) {
      @Nullable Path newest = checkpoints.newest();
      if (newest == null) {
        throw nothingToResume();
      }
      return trainFrom(newest, calls(listener));
    }
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
    OutputFile.makeFolder(settings.output());
    try (var lock = FolderLock.take(settings.output())) {
      checkpoints.requireNoneAfter(CheckpointFolder.stepOf(checkpoint));
      return trainFrom(checkpoint, calls(listener));
    }
  }

  private ListenerCalls calls(TrainingListener listener) {
    return new ListenerCalls(listener, this::stop);
  }

  private TrainingPosition trainFrom(Path checkpoint, ListenerCalls calls) throws IOException {
    CheckpointFolder within = checkpoints.withBatches(source.batchesPerEpoch());
    return train(within.restore(checkpoint, settings, calls::restore), calls);
  }

  private IllegalStateException nothingToResume() {
    return new IllegalStateException(
        String.format(
            Locale.ROOT,
            "training: checkpoint expected in %s, got none; start instead",
            settings.output()));
  }

  /**
   * Ends the run after the current update, with a checkpoint; for other threads and for listeners.
   * A stopped trainer cannot be started again.
   */
  public void stop() {
    stopping = true;
  }

  private TrainingPosition train(TrainingPosition from, ListenerCalls calls) throws IOException {
    LOG.info(
        "training from step {} with {} and a rate of {}",
        from.step(),
        update.optimizer().name(),
        CheckpointHeader.text(settings.schedule()));
    try (var log = TrainingLog.open(settings, from);
        var run = new Run(from, log, calls)) {
      run.start();
      while (!run.isOver()) {
        run.epoch();
      }
      run.save();
      run.prune();
      return run.at;
    } catch (TrainingDivergedException e) { // after the last update is saved
      throw e.with(checkpoints.adviceAfterDivergence());
    }
  }

  /** Saves a run's state to its folder. */
  @FunctionalInterface
  private interface Saving {
    Path save(TrainingPosition at, TrainingSettings settings) throws IOException;
  }

  /** The state of one run: its position and unreported updates. */
  private final class Run implements AutoCloseable {
    private final TrainingLog log;
    private final ListenerCalls calls;
    private final CheckpointFolder folder;
    private TrainingPosition at;
    private long savedStep;
    private boolean unpruned;
    private final Pace<B> pace = new Pace<>(source, settings);

    Run(TrainingPosition from, TrainingLog log, ListenerCalls calls) {
      this.at = from;
      this.savedStep = from.step() == 0 ? -1 : from.step();
      this.log = log;
      this.calls = calls;
      this.folder = checkpoints.withListeners(calls::state);
    }

    void start() throws IOException {
      calls.started(at);
      log.write(at, TrainingLog.Event.START, calls.takeNumbers());
      saveNamed();
    }

    boolean isOver() {
      return stopping || at.epoch() >= settings.epochs() || at.step() >= settings.maxSteps();
    }

    void epoch() throws IOException {
      long batchBefore = at.batch();
      try (Stream<B> stream = source.open(at.epoch(), at.batch())) {
        Iterator<B> batches = stream.iterator();
        while (!isOver()) {
          if (!step(batches)) {
            requireProgress(batchBefore);
            endEpoch();
            return;
          }
        }
      } catch (UncheckedIOException e) { // how streams report an IOException
        throw e.getCause();
      }
    }

    private boolean step(Iterator<B> batches) throws IOException {
      long start = nanoTime.getAsLong();
      TrainStep.@Nullable Outcome outcome = update.make(batches, at);
      if (outcome == null) {
        return false;
      }
      pace.add(outcome.samples(), nanoTime.getAsLong() - start);
      if (unpruned) { // the losses and gradients of the checkpoint's weights are finite
        prune();
      }
      at = outcome.position();
      StepReport report = report(outcome);
      if (report != null) {
        calls.stepped(report);
      }
      saveNamed();
      if (at.step() % settings.checkpointEvery() == 0) {
        save();
        unpruned = true;
      }
      return true;
    }

    /** A listener that fails here is called again when the run is resumed. */
    private void endEpoch() throws IOException {
      calls.epochEnded(at);
      log.write(at, TrainingLog.Event.EPOCH, calls.takeNumbers());
      at = at.nextEpoch();
      saveNamed();
    }

    /**
     * Checks that the source makes progress: an endless run would wait forever for one that gives
     * too few batches.
     */
    private void requireProgress(long batchBefore) {
      if (batchBefore == 0 && at.batch() == 0) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "training: epoch %d expected at least accumulate=%d batches, got fewer",
                at.epoch(),
                settings.accumulate()));
      }
    }

    /** Tells listeners of an update and writes its line, if it is due or they have added to it. */
    private @Nullable StepReport report(TrainStep.Outcome outcome) throws IOException {
      @Nullable StepReport report = null;
      try {
        calls.updated(outcome);
      } finally { // a listener that fails is not called for this update again
        Map<String, Double> numbers = calls.takeNumbers();
        if (at.step() % settings.logEvery() == 0 || !numbers.isEmpty()) {
          report = pace.report(outcome, numbers);
          log.write(report);
        }
      }
      return report;
    }

    /**
     * Saves, unless that was tried at this position already; an interrupt is deferred until it is
     * done.
     */
    void save() throws IOException {
      if (at.step() == savedStep) {
        return;
      }
      savedStep = at.step();
      saveUninterrupted(folder::add);
    }

    /**
     * Removes older checkpoints. Not when the newest is written, but after one more update: its
     * weights may have become useless, which shows then.
     */
    void prune() throws IOException {
      unpruned = false;
      folder.prune(settings.keep());
    }

    private void saveNamed() throws IOException {
      for (String name : calls.takeCheckpoints()) {
        saveUninterrupted((here, given) -> folder.writeNamed(name, here, given));
      }
    }

    private void saveUninterrupted(Saving saving) throws IOException {
      boolean interrupted = Thread.interrupted(); // an interrupt would close the file's channel
      try {
        calls.saved(saving.save(at, settings), at);
      } finally {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    }

    /** Saves the last update of a failed run; a run that ends normally has saved already. */
    @Override
    public void close() throws IOException {
      if (at.step() > 0 && update.isWhole()) {
        save(); // without removing older ones: the newest may contain the fault
      }
    }
  }
}
