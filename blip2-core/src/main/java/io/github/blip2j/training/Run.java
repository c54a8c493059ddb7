package io.github.blip2j.training;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One run of a {@link Trainer}: its position, unreported updates and unsaved state. */
final class Run<B extends Batch> {
  private final BatchSource<B> source;
  private final TrainingSettings settings;
  private final TrainStep<B> update;
  private final ListenerCalls calls;
  private final CheckpointFolder folder;
  private final RunClock clock;
  private final Pace<B> pace;
  private TrainingPosition at = TrainingPosition.START;
  private long savedStep = -1;
  private boolean unpruned;
  private TrainStep.@Nullable Outcome last;

  /** A run from the beginning, or from where {@link #restore} and {@link #from} say. */
  Run(Trainer.Parts<B> parts, ListenerCalls calls) {
    this.source = parts.source();
    this.settings = parts.settings();
    this.update = parts.update();
    this.calls = calls;
    this.folder = parts.checkpoints().withListeners(this::numbers);
    this.clock = new RunClock(parts.nanoTime());
    this.pace = new Pace<>(source, settings);
  }

  /** Goes on with a checkpoint's numbers, of the log and of listeners. */
  void restore(Map<String, Double> numbers) {
    pace.restore(numbers);
    Map<String, Double> others = new LinkedHashMap<>(numbers);
    others.keySet().removeIf(name -> name.startsWith(Pace.PREFIX));
    calls.restore(others);
  }

  private Map<String, Double> numbers() {
    Map<String, Double> numbers = new LinkedHashMap<>(calls.state());
    numbers.putAll(pace.state());
    return numbers;
  }

  /** Trains until the end, or until it is told to stop. */
  TrainingPosition from(TrainingPosition position, BooleanSupplier stopping) throws IOException {
    at = position;
    savedStep = at.step() == 0 ? -1 : at.step();
    requireUpdates();
    try (var log = TrainingLog.open(settings, at, isOver(stopping));
        Closing last = this::saveLast) {
      clock.start(log.seconds());
      start(log);
      while (!isOver(stopping)) {
        epoch(log, stopping);
      }
      save();
      reportLast(log);
      prune();
    }
    return at;
  }

  /**
   * Reports the last update, unless that is done. After the checkpoint, and without counting anew:
   * a run that goes on from here removes the line, and its next one has the means of all updates
   * since the last that was due.
   */
  private void reportLast(TrainingLog log) throws IOException {
    if (last != null && !pace.isReported()) {
      StepReport report = pace.soFar(last, Map.of(), clock.seconds());
      log.writeEnd(report);
      calls.stepped(report);
      saveNamed();
    }
  }

  /** What is done at the end of a run, however it ends. */
  @FunctionalInterface
  private interface Closing extends AutoCloseable {
    @Override
    void close() throws IOException;
  }

  /** Saves the last update of a failed run; a run that ends normally has saved already. */
  private void saveLast() throws IOException {
    if (at.step() > 0 && update.isWhole()) {
      save(); // without removing older ones: the newest may contain the fault
    }
  }

  private void start(TrainingLog log) throws IOException {
    calls.started(at);
    note(log, TrainingLog.Event.START);
    saveNamed();
  }

  private boolean isOver(BooleanSupplier stopping) {
    return update.ranks().any(stopping.getAsBoolean())
        || at.epoch() >= settings.epochs()
        || at.step() >= settings.maxSteps();
  }

  private void epoch(TrainingLog log, BooleanSupplier stopping) throws IOException {
    long batchBefore = at.batch();
    try (Stream<B> stream = source.open(at.epoch(), at.batch())) {
      Iterator<B> batches = clock.timed(stream.iterator());
      while (!isOver(stopping)) {
        if (!step(log, batches)) {
          requireProgress(batchBefore);
          endEpoch(log);
          return;
        }
      }
    } catch (UncheckedIOException e) { // how streams report an IOException
      throw e.getCause();
    }
  }

  private boolean step(TrainingLog log, Iterator<B> batches) throws IOException {
    clock.startUpdate();
    TrainStep.@Nullable Outcome outcome = update.make(batches, at);
    if (outcome == null) {
      return false;
    }
    pace.add(outcome, clock.updateNanos(), clock.dataNanos());
    if (unpruned) { // the losses and gradients of the checkpoint's weights are finite
      prune();
    }
    at = outcome.position();
    last = outcome;
    StepReport report = report(log, outcome);
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
  private void endEpoch(TrainingLog log) throws IOException {
    calls.epochEnded(at);
    TrainingPosition ended = at;
    note(log, TrainingLog.Event.EPOCH);
    at = ended.nextEpoch();
    saveNamed();
  }

  /** Writes what listeners have added outside an update. */
  private void note(TrainingLog log, TrainingLog.Event event) throws IOException {
    Map<String, Double> numbers = calls.takeNumbers();
    log.write(at, event, numbers);
    if (!numbers.isEmpty()) {
      calls.noted(at, numbers);
    }
  }

  /**
   * Checks that the source makes progress: an endless run would wait forever for one that gives too
   * few batches.
   */
  private void requireProgress(long batchBefore) {
    if (batchBefore == 0 && at.batch() == 0) {
      throw tooFew();
    }
  }

  /** Checks the same of a source that tells how many batches it has, before it gives them all. */
  private void requireUpdates() {
    if (source.batchesPerEpoch().orElse(Long.MAX_VALUE) < settings.accumulate()) {
      throw tooFew();
    }
  }

  private IllegalStateException tooFew() {
    return new IllegalStateException(
        String.format(
            Locale.ROOT,
            "training: epoch %d expected at least accumulate=%d batches, got fewer; accumulate less,"
                + " or make smaller batches",
            at.epoch(),
            settings.accumulate()));
  }

  /** Tells listeners of an update and writes its line, if it is due or they have added to it. */
  private @Nullable StepReport report(TrainingLog log, TrainStep.Outcome outcome)
      throws IOException {
    @Nullable StepReport report = null;
    try {
      calls.updated(outcome);
    } finally { // a listener that fails is not called for this update again
      Map<String, Double> numbers = calls.takeNumbers();
      if (at.step() % settings.logEvery() == 0 || !numbers.isEmpty()) {
        report = pace.report(outcome, numbers, clock.seconds());
        log.write(report);
      }
    }
    return report;
  }

  /** Saves a run's state to its folder. */
  @FunctionalInterface
  private interface Saving {
    Path save(TrainingPosition at, TrainingSettings settings) throws IOException;
  }

  /**
   * Saves, unless that was tried at this position already; an interrupt is deferred until it is
   * done.
   */
  private void save() throws IOException {
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
  private void prune() throws IOException {
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

  /**
   * The run of a rank other than the first: it makes the same updates as {@link Run}, and writes
   * nothing. It asks whether the run is over as often as that one does, for both ask together.
   */
  static final class Following<B extends Batch> {
    private final BatchSource<B> source;
    private final TrainingSettings settings;
    private final TrainStep<B> update;
    private TrainingPosition at = TrainingPosition.START;

    Following(Trainer.Parts<B> parts) {
      this.source = parts.source();
      this.settings = parts.settings();
      this.update = parts.update();
    }

    /** Trains until the end, or until a rank is told to stop. */
    TrainingPosition from(TrainingPosition position, BooleanSupplier stopping) throws IOException {
      at = position;
      isOver(stopping); // as rank 0 does for its log
      while (!isOver(stopping)) {
        epoch(stopping);
      }
      return at;
    }

    private boolean isOver(BooleanSupplier stopping) {
      return update.ranks().any(stopping.getAsBoolean())
          || at.epoch() >= settings.epochs()
          || at.step() >= settings.maxSteps();
    }

    private void epoch(BooleanSupplier stopping) throws IOException {
      try (Stream<B> stream = source.open(at.epoch(), at.batch())) {
        Iterator<B> batches = stream.iterator();
        while (!isOver(stopping)) {
          TrainStep.@Nullable Outcome outcome = update.make(batches, at);
          if (outcome == null) {
            at = at.nextEpoch();
            return;
          }
          at = outcome.position();
        }
      } catch (UncheckedIOException e) { // how streams report an IOException
        throw e.getCause();
      }
    }
  }
}
