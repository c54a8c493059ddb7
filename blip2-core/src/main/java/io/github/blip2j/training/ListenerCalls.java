package io.github.blip2j.training;

import io.github.blip2j.tensor.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The calls of a run's listeners, and what they ask for on the way. */
final class ListenerCalls implements RunControl {
  /** One call of one listener. */
  @FunctionalInterface
  private interface Call {
    void on(TrainingListener listener) throws IOException;
  }

  private final ListenerList listeners;
  private final Runnable stop;
  private final Supplier<Scope> scopes;
  private final Map<String, Double> numbers = new LinkedHashMap<>();
  private final Set<String> checkpoints = new LinkedHashSet<>();
  private boolean calling;
  private Map<String, Double> state = Map.of();
  private @Nullable ListenerException stateFailure;

  /**
   * Calls of a listener, which may be a list, in a run that {@code stop} ends.
   *
   * @param scopes opens the scope of a call
   */
  ListenerCalls(TrainingListener listener, Runnable stop, Supplier<Scope> scopes) {
    this.listeners = new ListenerList(List.of(listener));
    this.stop = stop;
    this.scopes = scopes;
  }

  void restore(Map<String, Double> saved) {
    call("restore", 0, listener -> listener.restore(saved));
  }

  void resumed(TrainingPosition at, List<String> changes) {
    call("resumed", at.step(), listener -> listener.resumed(at, changes));
  }

  void started(TrainingPosition at) {
    state = listeners.state(); // so that names that are there twice end the run before it begins
    call("started", at.step(), listener -> listener.started(at, this));
  }

  void updated(TrainStep.Outcome outcome) {
    call("updated", outcome.position().step(), listener -> listener.updated(outcome, this));
  }

  void epochEnded(TrainingPosition at) {
    call("epochEnded", at.step(), listener -> listener.epochEnded(at, this));
  }

  void stepped(StepReport report) {
    call("stepped", report.position().step(), listener -> listener.stepped(report));
  }

  void noted(TrainingPosition at, Map<String, Double> added) {
    call("noted", at.step(), listener -> listener.noted(at, added));
  }

  void saved(Path file, TrainingPosition at) {
    requireState();
    call("saved", at.step(), listener -> listener.saved(file, at));
  }

  /** The numbers to save; those of before if a listener fails, which {@link #saved} reports. */
  Map<String, Double> state() {
    try {
      state = listeners.state();
    } catch (RuntimeException e) {
      stateFailure = new ListenerException("training: state of listeners expected, got " + e, e);
    }
    return state;
  }

  private void requireState() {
    if (stateFailure != null) {
      throw stateFailure;
    }
  }

  /** The numbers that were added since the last call of this. */
  Map<String, Double> takeNumbers() {
    Map<String, Double> taken = new LinkedHashMap<>(numbers);
    numbers.clear();
    return taken;
  }

  /** The names of checkpoints that were asked for since the last call of this. */
  List<String> takeCheckpoints() {
    List<String> taken = List.copyOf(checkpoints);
    checkpoints.clear();
    return taken;
  }

  private void call(String what, long step, Call call) {
    for (TrainingListener each : listeners.listeners()) {
      calling = true;
      try (Scope scope = scopes.get()) {
        call.on(each);
      } catch (RuntimeException | IOException e) {
        throw new ListenerException(
            String.format(
                Locale.ROOT,
                "training: listener %s expected to return from %s after step %d, got %s; mend it and"
                    + " resume",
                each.getClass().getName(),
                what,
                step,
                e),
            e);
      } finally {
        calling = false;
      }
    }
  }

  @Override
  public void log(String name, double value) {
    requireCalling("number");
    TrainingLog.requireFree(name);
    if (numbers.putIfAbsent(name, value) != null) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "log: numbers of one line expected with names that differ, got %s twice; rename one",
              name));
    }
  }

  @Override
  public void checkpoint(String name) {
    requireCalling("checkpoint");
    CheckpointFolder.requireName(name);
    checkpoints.add(name);
  }

  private void requireCalling(String what) {
    if (!calling) {
      throw new IllegalStateException(
          "training: a "
              + what
              + " expected to be asked for while a listener is called, got one afterwards");
    }
  }

  @Override
  public void stop() {
    stop.run();
  }
}
