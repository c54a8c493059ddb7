package io.github.blip2j.training;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Listeners in order, as one. */
final class ListenerList implements TrainingListener {
  private final List<TrainingListener> listeners = new ArrayList<>();

  ListenerList(List<? extends TrainingListener> listeners) {
    for (TrainingListener each : listeners) {
      if (each instanceof ListenerList several) {
        this.listeners.addAll(several.listeners);
      } else {
        this.listeners.add(each);
      }
    }
  }

  /** The listeners, none of which is a list. */
  List<TrainingListener> listeners() {
    return List.copyOf(listeners);
  }

  @Override
  public void resumed(TrainingPosition position, List<String> changes) throws IOException {
    for (TrainingListener each : listeners) {
      each.resumed(position, changes);
    }
  }

  @Override
  public void started(TrainingPosition position, RunControl run) throws IOException {
    for (TrainingListener each : listeners) {
      each.started(position, run);
    }
  }

  @Override
  public void updated(TrainStep.Outcome outcome, RunControl run) throws IOException {
    for (TrainingListener each : listeners) {
      each.updated(outcome, run);
    }
  }

  @Override
  public void epochEnded(TrainingPosition position, RunControl run) throws IOException {
    for (TrainingListener each : listeners) {
      each.epochEnded(position, run);
    }
  }

  @Override
  public void stepped(StepReport report) {
    for (TrainingListener each : listeners) {
      each.stepped(report);
    }
  }

  @Override
  public void noted(TrainingPosition position, Map<String, Double> numbers) {
    for (TrainingListener each : listeners) {
      each.noted(position, numbers);
    }
  }

  @Override
  public void saved(Path checkpoint, TrainingPosition position) {
    for (TrainingListener each : listeners) {
      each.saved(checkpoint, position);
    }
  }

  @Override
  public Map<String, Double> state() {
    Map<String, Double> all = new LinkedHashMap<>();
    for (TrainingListener each : listeners) {
      each.state()
          .forEach(
              (name, value) -> {
                if (all.put(name, value) != null) {
                  throw new IllegalArgumentException(
                      String.format(
                          Locale.ROOT,
                          "listeners: states expected with names that differ, got %s twice",
                          name));
                }
              });
    }
    return all;
  }

  @Override
  public void restore(Map<String, Double> state) {
    listeners.forEach(each -> each.restore(state));
  }
}
