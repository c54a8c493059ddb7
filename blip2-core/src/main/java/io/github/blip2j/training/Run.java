package io.github.blip2j.training;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.training.parallel.RankTimes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One run of a {@link Trainer}: its position, unreported updates and unsaved state. Several ranks
 * run it in step; the first alone has a log, calls listeners and writes checkpoints.
 */
final class Run<B extends Batch> {
  private final BatchSource<B> source;
  private final TrainingSettings settings;
  private final TrainStep<B> update;
  private final ListenerCalls calls;
  private final CheckpointFolder folder;
  private final RunClock clock;
  private final Pace<B> pace;
  private final Ranks ranks;
  private final RankTimes times;
  private @Nullable TrainingLog opened; // on rank 0
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
    this.ranks = update.ranks();
    this.times = new RankTimes(ranks);
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
    first(this::requireUpdates);
    boolean over = isOver(stopping);
    try (Closing log = this::closeLog;
        Closing last = this::saveLast) {
      first(() -> openLog(over));
      saveNamed();
      while (!isOver(stopping)) {
        epoch(stopping);
      }
      save();
      first(this::reportLast);
      saveNamed();
      first(this::prune);
    }
    return at;
  }

  /** What a rank does that may fail. */
  @FunctionalInterface
  private interface Effect {
    void run() throws IOException;
  }

  /** Does something on rank 0 alone. If it fails, it fails on all. */
  private void first(Effect effect) throws IOException {
    ranks.agreeIo(
        () -> {
          if (ranks.isFirst()) {
            effect.run();
          }
          return at; // all of this is for the agreement
        });
  }

  private void openLog(boolean over) throws IOException {
    opened = TrainingLog.open(settings, at, over);
    clock.start(log().seconds());
    calls.started(at);
    note(TrainingLog.Event.START);
  }

  private TrainingLog log() {
    return Objects.requireNonNull(opened);
  }

  private void closeLog() throws IOException {
    if (opened != null) {
      opened.close();
    }
  }

  /**
   * Reports the last update, unless that is done. After the checkpoint, and without counting anew:
   * a run that goes on from here removes the line, and its next one has the means of all updates
   * since the last that was due.
   */
  private void reportLast() throws IOException {
    if (last != null && !pace.isReported()) {
      StepReport report = pace.soFar(last, Map.of(), clock.seconds());
      log().writeEnd(report);
      calls.stepped(report);
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
    boolean shared = update.optimizer().sharesState();
    if (at.step() == 0 || at.step() == savedStep || !update.isWhole()) {
      return;
    }
    if (shared && !ranks.failedTogether()) {
      return; // the others are elsewhere, with their part of the state
    }
    savedStep = at.step(); // without removing older ones: the newest may contain the fault
    saveUninterrupted(folder::add, false);
  }

  private boolean isOver(BooleanSupplier stopping) {
    return ranks.any(stopping.getAsBoolean())
        || at.epoch() >= settings.epochs()
        || at.step() >= settings.maxSteps();
  }

  private void epoch(BooleanSupplier stopping) throws IOException {
    long batchBefore = at.batch();
    try (Stream<B> stream = source.open(at.epoch(), at.batch())) {
      Iterator<B> batches = clock.timed(stream.iterator());
      while (!isOver(stopping)) {
        if (!step(batches)) {
          first(() -> requireProgress(batchBefore));
          endEpoch();
          return;
        }
      }
    } catch (UncheckedIOException e) { // how streams report an IOException
      throw e.getCause();
    }
  }

  private boolean step(Iterator<B> batches) throws IOException {
    clock.startUpdate();
    times.startUpdate();
    TrainStep.@Nullable Outcome outcome = update.make(batches, at);
    if (outcome == null) {
      return false;
    }
    times.endUpdate();
    at = outcome.position();
    last = outcome;
    first(() -> updated(outcome));
    if (at.step() % settings.logEvery() == 0) {
      times.report(at.step());
    }
    saveNamed();
    if (at.step() % settings.checkpointEvery() == 0) {
      save();
      unpruned = true;
    }
    return true;
  }

  private void updated(TrainStep.Outcome outcome) throws IOException {
    pace.add(outcome, clock.updateNanos(), clock.dataNanos());
    if (unpruned) { // the losses and gradients of the checkpoint's weights are finite
      prune();
    }
    StepReport report = report(outcome);
    if (report != null) {
      calls.stepped(report);
    }
  }

  /** A listener that fails here is called again when the run is resumed. */
  private void endEpoch() throws IOException {
    first(
        () -> {
          calls.epochEnded(at);
          note(TrainingLog.Event.EPOCH);
        });
    at = at.nextEpoch();
    saveNamed();
  }

  /** Writes what listeners have added outside an update. */
  private void note(TrainingLog.Event event) throws IOException {
    Map<String, Double> numbers = calls.takeNumbers();
    log().write(at, event, numbers);
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
  private @Nullable StepReport report(TrainStep.Outcome outcome) throws IOException {
    @Nullable StepReport report = null;
    try {
      calls.updated(outcome);
    } finally { // a listener that fails is not called for this update again
      Map<String, Double> numbers = calls.takeNumbers();
      if (at.step() % settings.logEvery() == 0 || !numbers.isEmpty()) {
        report = pace.report(outcome, numbers, clock.seconds());
        log().write(report);
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
    if (at.step() != savedStep) {
      savedStep = at.step();
      saveUninterrupted(folder::add, true);
    }
  }

  /**
   * Removes older checkpoints. Not when the newest is written, but after one more update: its
   * weights may have become useless, which shows then.
   */
  private void prune() throws IOException {
    unpruned = false;
    folder.prune(settings.keep());
  }

  /** Saves under the names that listeners have asked for, which rank 0 alone knows. */
  private void saveNamed() throws IOException {
    List<String> names = calls.takeCheckpoints();
    int count = ranks.largest(names.size());
    for (int i = 0; i < count; i++) {
      String name = ranks.isFirst() ? names.get(i) : "";
      saveUninterrupted((here, given) -> folder.writeNamed(name, here, given), true);
    }
  }

  /**
   * Saves on rank 0, with what the others have of the optimizer's state.
   *
   * @param together whether all ranks wait for the end, and fail if it fails
   */
  private void saveUninterrupted(Saving saving, boolean together) throws IOException {
    boolean interrupted = Thread.interrupted(); // an interrupt would close the file's channel
    try (var whole = update.optimizer().gatherState()) {
      Effect effect = () -> calls.saved(saving.save(at, settings), at);
      if (together) {
        first(effect);
      } else if (ranks.isFirst()) {
        effect.run();
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
