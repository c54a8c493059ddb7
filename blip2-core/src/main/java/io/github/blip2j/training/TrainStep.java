package io.github.blip2j.training;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.training.parallel.GradientExchange;
import io.github.blip2j.training.parallel.GradientSums;
import java.util.ArrayList;
import java.util.Collections;
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
 * {@link Trainer} repeats it; a loop of one's own may call it without log and checkpoints.
 *
 * <p>Of the settings it uses {@code schedule}, {@code accumulate}, {@code clipNorm} and {@code
 * seed}.
 *
 * @param <B> a batch
 */
public final class TrainStep<B extends Batch> {
  private static final int IDS_SHOWN = 16;

  /**
   * The result of an update.
   *
   * @param position after the update
   * @param samples the number of samples in its batches
   * @param lr learning rate, before groups scale it
   * @param losses {@code loss}, then {@code loss_NAME} of each part; means over the batches
   * @param gradientNorm Euclidean length of the whole gradient, before clipping
   */
  public record Outcome(
      TrainingPosition position,
      int samples,
      double lr,
      Map<String, Double> losses,
      double gradientNorm) {
    /** Copies the losses, in their order. */
    public Outcome {
      losses = Collections.unmodifiableMap(new LinkedHashMap<>(losses));
    }
  }

  private final Objective<B> objective;
  private final Optimizer optimizer;
  private final TrainingSettings settings;
  private final @Nullable WeightAverage average;
  private final Ranks ranks;
  private final GradientExchange exchange;
  private final GradientSums sums;
  private boolean broken;

  /**
   * Steps that update the optimizer's parameters.
   *
   * @throws IllegalArgumentException if it has none
   */
  public TrainStep(Objective<B> objective, Optimizer optimizer, TrainingSettings settings) {
    this(objective, optimizer, settings, null, Ranks.ALONE, GradientExchange.DEFAULT);
    if (optimizer.parameters().isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "training: at least one parameter expected of optimizer %s, got none; give it those"
                  + " that are to learn",
              optimizer.name()));
    }
  }

  private TrainStep(
      Objective<B> objective,
      Optimizer optimizer,
      TrainingSettings settings,
      @Nullable WeightAverage average,
      Ranks ranks,
      GradientExchange exchange) {
    this.objective = objective;
    this.optimizer = optimizer;
    this.settings = settings;
    this.average = average;
    this.ranks = ranks;
    this.exchange = exchange;
    this.sums = new GradientSums(optimizer.parameters(), ranks, exchange);
  }

  /** These steps, after each of which an average of the optimizer's parameters moves too. */
  public TrainStep<B> withAverage(@Nullable WeightAverage newAverage) {
    return new TrainStep<>(objective, optimizer, settings, newAverage, ranks, exchange);
  }

  /**
   * These steps with ranks that have equal shares of each batch. All make the same update, which is
   * that of one process with the whole batches.
   */
  public TrainStep<B> among(Ranks newRanks) {
    return among(newRanks, GradientExchange.DEFAULT);
  }

  /** As {@link #among(Ranks)}, with gradients added in another way. */
  public TrainStep<B> among(Ranks newRanks, GradientExchange newExchange) {
    return new TrainStep<>(objective, optimizer, settings, average, newRanks, newExchange);
  }

  /**
   * Makes the update after {@code at}. If it fails, or lacks a batch, the {@linkplain
   * Objective#state state} of the objective is written back as it was before.
   *
   * @param batches of the epoch, from {@code at.batch()} on; {@code accumulate} of them are taken
   * @return null if there are not enough batches for an update; then no parameter has changed
   * @throws TrainingDivergedException if a loss or a gradient is not finite, and no parameter has
   *     changed; or if a parameter is not finite after the update
   * @throws IllegalArgumentException if the schedule gives a rate that is negative or not finite;
   *     no parameter has changed
   */
  public @Nullable Outcome make(Iterator<B> batches, TrainingPosition at) {
    if (average != null) {
      average.requireApart();
    }
    optimizer.clearGradients();
    try (var before = new ObjectiveState(objective)) {
      @Nullable Outcome outcome;
      try {
        outcome = make(batches, at, new Gathered(at.step() + 1));
      } catch (RuntimeException | Error e) {
        restore(before, e);
        throw e;
      }
      if (outcome == null) {
        restore(before, null);
      }
      return outcome;
    } finally {
      optimizer.clearGradients();
    }
  }

  private @Nullable Outcome make(Iterator<B> batches, TrainingPosition at, Gathered gathered) {
    RandomGenerator random = StepRandom.of(settings.seed(), at.step());
    for (int i = 1; i < settings.accumulate(); i++) {
      if (!learn(batches, ForwardPass.training(random).among(ranks), gathered)) {
        return null;
      }
    }
    try (GradientSums.Update update = sums.start()) {
      if (!learn(batches, ForwardPass.training(random).among(ranks), gathered)) {
        return null;
      }
      update.finish();
      return move(at, gathered);
    }
  }

  /** Writes the objective's state back; if that fails too, there is nothing whole to save. */
  private void restore(ObjectiveState before, @Nullable Throwable cause) {
    try {
      before.restore();
    } catch (RuntimeException e) {
      broken = true;
      if (cause == null) {
        throw e;
      }
      cause.addSuppressed(e);
    }
  }

  /**
   * Whether no update has failed halfway, with only some parameters changed or not finite, or the
   * objective's state lost.
   */
  boolean isWhole() {
    return !broken;
  }

  Objective<B> objective() {
    return objective;
  }

  Ranks ranks() {
    return ranks;
  }

  GradientExchange exchange() {
    return exchange;
  }

  Optimizer optimizer() {
    return optimizer;
  }

  @Nullable WeightAverage average() {
    return average;
  }

  /** Accumulates the gradients of the next batch, if there is one. */
  private boolean learn(Iterator<B> batches, ForwardPass pass, Gathered gathered) {
    try (Scope scope = opened()) {
      @Nullable B batch = next(batches);
      if (batch == null) {
        return false;
      }
      Losses losses = objective.losses(batch, pass);
      gathered.add(batch, losses.values(), settings.accumulate());
      Tensor total = losses.total();
      int shares = settings.accumulate() * ranks.size();
      (shares == 1 ? total : total.mul(1.0 / shares)).backward();
      return true;
    }
  }

  /** The next batch, or null; one that can't be read on a rank ends all. */
  private @Nullable B next(Iterator<B> batches) {
    try {
      return ranks.agree(() -> batches.hasNext() ? batches.next() : null);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) { // iterators throw no others
      throw new IllegalStateException(e);
    }
  }

  /** A scope whose batches are on the backend of the trained parameters. */
  Scope opened() {
    return Scope.open(optimizer.parameters().get(0).value().backend());
  }

  private Outcome move(TrainingPosition at, Gathered gathered) {
    double norm = optimizer.gradientNorm();
    if (!Double.isFinite(norm)) {
      ranks.failTogether(); // each has found it out, from the same sums
      throw gathered.diverged(
          "gradients expected finite, got a norm of " + norm,
          "largest norms of gradients: " + Norms.ofGradients(optimizer));
    }
    double lr = rate(at);
    broken = true; // until all of it is done
    optimizer.step(lr, Optimizer.clipScale(norm, settings.clipNorm()));
    if (!optimizer.keepsFinite(lr)) {
      requireFinite(gathered, lr);
    }
    if (average != null) {
      average.update(at.step() + 1);
    }
    broken = false;
    return new Outcome(
        at.after(settings.accumulate()),
        ranks.size() * gathered.ids.size(),
        lr,
        gathered.losses,
        norm);
  }

  /** LAVIS sets the rate before every batch; the update uses the rate of the last one. */
  private double rate(TrainingPosition at) {
    long last = at.batch() + settings.accumulate() - 1;
    double lr = settings.schedule().at(at.epoch(), last);
    if (!(lr >= 0 && lr < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "schedule: rate of epoch %d, batch %d expected at least 0 and finite, got %s from %s;"
                  + " mend the schedule and resume",
              at.epoch(),
              last,
              lr,
              settings.schedule()));
    }
    return lr;
  }

  /** The gradient was finite, so what is not finite now is the optimiser's doing. */
  private void requireFinite(Gathered gathered, double lr) {
    for (Parameter parameter : optimizer.parameters()) {
      if (!Double.isFinite(parameter.value().squaredNorm())) {
        ranks.failTogether();
        throw gathered.diverged(
            String.format(
                Locale.ROOT,
                "parameters expected finite after the update by %s at a rate of %s, got %s",
                optimizer.name(),
                lr,
                parameter.name()),
            "largest norms of weights: " + Norms.ofWeights(optimizer));
      }
    }
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
      boolean finite = values.values().stream().allMatch(Double::isFinite);
      if (ranks.any(!finite)) {
        throw notFinite(finite ? "" : String.valueOf(diverged(values).getMessage()));
      }
      double[] means = values.values().stream().mapToDouble(value -> value).toArray();
      ranks.mean(means);
      int i = 0;
      for (String name : values.keySet()) {
        losses.merge(name, means[i++] / count, Double::sum);
      }
    }

    private TrainingDivergedException diverged(Map<String, Double> values) {
      return diverged(
          "losses expected finite, got "
              + values.entrySet().stream()
                  .map(e -> e.getKey() + "=" + e.getValue())
                  .collect(Collectors.joining(", ")),
          "largest norms of weights: " + Norms.ofWeights(optimizer));
    }

    /** The same exception on all ranks, with the message of the first that had such losses. */
    private TrainingDivergedException notFinite(String own) {
      ranks.failTogether();
      List<String> all = ranks.gather(own);
      for (int rank = 0; rank < all.size(); rank++) {
        if (!all.get(rank).isEmpty()) {
          String where = ranks.areAlone() ? "" : "rank " + rank + ": ";
          return new TrainingDivergedException(step, where + all.get(rank));
        }
      }
      throw new AssertionError("a rank with losses that are not finite expected");
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
