package io.github.blip2j.training;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One training step: its batches, forward and backward passes, and the update of the parameters.
 */
final class TrainStep<B extends Batch> {
  private static final int IDS_SHOWN = 16;

  /** The result of an update. */
  record Outcome(int samples, double lr, Map<String, Double> losses, double gradientNorm) {}

  private final Objective<B> objective;
  private final AdamW optimizer;
  private final TrainingSettings settings;
  private boolean moving;

  TrainStep(Objective<B> objective, AdamW optimizer, TrainingSettings settings) {
    this.objective = objective;
    this.optimizer = optimizer;
    this.settings = settings;
  }

  /**
   * Makes the update after {@code at}.
   *
   * @return null if there are not enough batches for an update; then no parameter has changed
   * @throws TrainingDivergedException if a loss or a gradient is not finite; no parameter has
   *     changed
   */
  @Nullable Outcome make(Iterator<B> batches, TrainingPosition at) {
    optimizer.clearGradients();
    try {
      Gathered gathered = new Gathered(at.step() + 1);
      RandomGenerator random = StepRandom.of(settings.seed(), at.step());
      for (int i = 0; i < settings.accumulate(); i++) {
        if (!learn(batches, ForwardPass.training(random), gathered)) {
          return null;
        }
      }
      return move(at, gathered);
    } finally {
      optimizer.clearGradients();
    }
  }

  /** Whether no update has failed halfway, with only some parameters changed. */
  boolean isWhole() {
    return !moving;
  }

  /** Accumulates the gradients of the next batch, if there is one. */
  private boolean learn(Iterator<B> batches, ForwardPass pass, Gathered gathered) {
    try (Scope scope = opened()) {
      if (!batches.hasNext()) {
        return false;
      }
      B batch = batches.next();
      Losses losses = objective.losses(batch, pass);
      gathered.add(batch, losses.values(), settings.accumulate());
      Tensor total = losses.total();
      (settings.accumulate() == 1 ? total : total.mul(1.0 / settings.accumulate())).backward();
      return true;
    }
  }

  /** A scope whose batches are on the backend of the trained parameters. */
  private Scope opened() {
    List<Parameter> trained = optimizer.parameters();
    return trained.isEmpty() ? Scope.open() : Scope.open(trained.get(0).value().backend());
  }

  private Outcome move(TrainingPosition at, Gathered gathered) {
    double norm = optimizer.gradientNorm();
    if (!Double.isFinite(norm)) {
      throw gathered.diverged(
          "gradients expected finite, got a norm of " + norm,
          "largest norms of gradients: " + Norms.ofGradients(optimizer));
    }
    // LAVIS sets the rate before every batch; the update uses the rate of the last one.
    long last = at.batch() + settings.accumulate() - 1;
    double lr = settings.schedule().at(at.epoch(), last);
    // the 1e-6 of PyTorch's clip_grad_norm_
    double scale = Math.min(1, settings.clipNorm() / (norm + 1e-6));
    moving = true;
    optimizer.step(lr, scale);
    moving = false;
    return new Outcome(gathered.ids.size(), lr, gathered.losses, norm);
  }

  /** The accumulated losses of one update. */
  private final class Gathered {
    private final long step;
    private final List<String> ids = new ArrayList<>();
    private final Map<String, Double> losses = new LinkedHashMap<>();

    Gathered(long step) {
      this.step = step;
    }

    void add(B batch, Map<String, Double> values, int count) {
      ids.addAll(batch.ids());
      if (!values.values().stream().allMatch(Double::isFinite)) {
        throw diverged(
            "losses expected finite, got "
                + values.entrySet().stream()
                    .map(e -> e.getKey() + "=" + e.getValue())
                    .collect(Collectors.joining(", ")),
            "largest norms of weights: " + Norms.ofWeights(optimizer));
      }
      values.forEach((name, value) -> losses.merge(name, value / count, Double::sum));
    }

    TrainingDivergedException diverged(String what, String norms) {
      List<String> shown = ids.subList(0, Math.min(IDS_SHOWN, ids.size()));
      String more =
          ids.size() > IDS_SHOWN
              ? String.format(Locale.ROOT, " and %d more", ids.size() - IDS_SHOWN)
              : "";
      return new TrainingDivergedException(
          step,
          String.format(
              Locale.ROOT,
              "step %d: %s for samples %s%s; %s; look at these samples, or resume with a lower rate",
              step,
              what,
              String.join(", ", shown),
              more,
              norms));
    }
  }
}
