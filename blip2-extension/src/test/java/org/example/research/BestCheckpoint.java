package org.example.research;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.training.Batch;
import io.github.blip2j.training.BatchSource;
import io.github.blip2j.training.Objective;
import io.github.blip2j.training.RunControl;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import java.io.IOException;
import java.util.Iterator;
import java.util.Map;
import java.util.stream.Stream;

/** The loss of other data before training and after each epoch; the best epoch is kept. */
final class BestCheckpoint<B extends Batch> implements TrainingListener {
  private final Objective<B> objective;
  private final BatchSource<B> others;
  private double best = Double.POSITIVE_INFINITY;

  BestCheckpoint(Objective<B> objective, BatchSource<B> others) {
    this.objective = objective;
    this.others = others;
  }

  @Override
  public void started(TrainingPosition position, RunControl run) throws IOException {
    if (position.step() == 0) { // a resumed run has the number already
      run.log("val_loss", validate());
    }
  }

  @Override
  public void epochEnded(TrainingPosition position, RunControl run) throws IOException {
    double loss = validate();
    run.log("val_loss", loss);
    if (loss < best) {
      best = loss;
      run.checkpoint("best");
    }
  }

  @Override
  public Map<String, Double> state() {
    return Map.of("best", best);
  }

  @Override
  public void restore(Map<String, Double> state) {
    best = state.getOrDefault("best", best);
  }

  private double validate() throws IOException {
    double sum = 0;
    int count = 0;
    try (var off = GradMode.noGrad();
        Stream<B> batches = others.open(0, 0)) {
      for (Iterator<B> each = batches.iterator(); ; count++) {
        try (Scope scope = Scope.open()) { // a batch is read in its scope
          if (!each.hasNext()) {
            return sum / count;
          }
          sum += objective.losses(each.next(), ForwardPass.evaluation()).total().item();
        }
      }
    }
  }
}
