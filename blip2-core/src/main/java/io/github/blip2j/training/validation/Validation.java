package io.github.blip2j.training.validation;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.training.RunControl;
import io.github.blip2j.training.TrainStep;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.WeightAverage;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Validates a model while it is trained: before the first update, then every so many updates or
 * after each epoch. It logs {@code val_NAME}, keeps the best checkpoint, {@code best.safetensors},
 * and ends a run that gets no better (early stopping).
 *
 * <pre>{@code
 * var validation =
 *     Validation.of(List.of(LossEvaluator.of(training, heldOut)))
 *         .every(500)
 *         .withBest(BestMetric.min("loss"))
 *         .withPatience(5);
 * trainer.start(validation);
 * }</pre>
 *
 * <p>Training is the same with and without it, bit for bit: evaluators draw nothing that an update
 * draws. The best value and the count of validations since then are in the checkpoints, so that a
 * resumed run goes on with them; those of another metric are not used.
 */
public final class Validation implements TrainingListener {
  /** The name of the checkpoint of the best validation. */
  public static final String BEST = "best";

  private static final Logger LOG = LoggerFactory.getLogger(Validation.class);
  private static final String PREFIX = "val_";
  private static final String STATE = "validation.";

  private final List<Evaluator> evaluators;
  private final Choices choices;
  private double best = Double.NaN;
  private long bestStep;
  private int stale;

  /**
   * What the withers choose.
   *
   * @param every updates from one validation to the next, or 0 for the ends of epochs
   * @param patience validations that may pass without a better one, or 0 for any number
   */
  private record Choices(
      long every,
      @Nullable BestMetric metric,
      int patience,
      @Nullable WeightAverage average,
      Consumer<ValidationResult> hearer) {}

  private Validation(List<Evaluator> evaluators, Choices choices) {
    this.evaluators = evaluators;
    this.choices = choices;
  }

  /** A validation after each epoch, which chooses no checkpoint. */
  public static Validation of(List<? extends Evaluator> evaluators) {
    if (evaluators.isEmpty()) {
      throw new IllegalArgumentException(
          "validation: evaluators expected, got none; add one, such as a LossEvaluator");
    }
    return new Validation(List.copyOf(evaluators), new Choices(0, null, 0, null, result -> {}));
  }

  /** With a validation every so many updates instead of after each epoch. */
  public Validation every(long updates) {
    requirePositive("every", updates);
    return with(
        new Choices(updates, choices.metric, choices.patience, choices.average, choices.hearer));
  }

  /** With a checkpoint of the best value so far of this metric. */
  public Validation withBest(BestMetric metric) {
    return with(
        new Choices(choices.every, metric, choices.patience, choices.average, choices.hearer));
  }

  /**
   * With an end of the run after this many validations in a row that are not better than the best.
   * The one before the first update is not counted. It needs {@link #withBest}.
   */
  public Validation withPatience(int validations) {
    requirePositive("patience", validations);
    return with(
        new Choices(choices.every, choices.metric, validations, choices.average, choices.hearer));
  }

  /** With the averages of the weights in place of the last ones. */
  public Validation withAverage(WeightAverage average) {
    return with(
        new Choices(choices.every, choices.metric, choices.patience, average, choices.hearer));
  }

  /** With one who hears of every result, for example to print it. */
  public Validation withHearer(Consumer<ValidationResult> hearer) {
    return with(
        new Choices(choices.every, choices.metric, choices.patience, choices.average, hearer));
  }

  private Validation with(Choices newChoices) {
    return new Validation(evaluators, newChoices);
  }

  private static void requirePositive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "validation: %s expected at least 1, got %d", name, value));
    }
  }

  /** The best value so far; NaN if there was none. */
  public double best() {
    return best;
  }

  /** The number of updates of the best validation. */
  public long bestStep() {
    return bestStep;
  }

  /** Whether patience has ended the run. */
  public boolean isExhausted() {
    return choices.patience > 0 && stale >= choices.patience;
  }

  @Override
  public void started(TrainingPosition position, RunControl run) throws IOException {
    if (choices.patience > 0 && choices.metric == null) {
      throw new IllegalStateException(
          "validation: metric expected with patience, got none; choose one with withBest");
    }
    if (position.step() == 0) {
      validate(position, run, false);
    } else if (isExhausted()) { // it was over before
      run.stop();
    }
  }

  @Override
  public void updated(TrainStep.Outcome outcome, RunControl run) throws IOException {
    if (choices.every > 0 && outcome.position().step() % choices.every == 0) {
      validate(outcome.position(), run, true);
    }
  }

  @Override
  public void epochEnded(TrainingPosition position, RunControl run) throws IOException {
    if (choices.every == 0) {
      validate(position, run, true);
    }
  }

  private void validate(TrainingPosition at, RunControl run, boolean counts) throws IOException {
    long start = System.nanoTime();
    Map<String, Double> numbers = numbers(at);
    numbers.forEach((name, value) -> run.log(PREFIX + name, value));
    boolean better = choose(at, numbers, counts);
    if (better) {
      run.checkpoint(BEST);
    }
    var time = Duration.ofNanos(System.nanoTime() - start);
    choices.hearer.accept(new ValidationResult(at, numbers, better, stale, time));
    if (isExhausted()) {
      LOG.info("no better {} in {} validations: the run ends", choices.metric, stale);
      run.stop();
    }
  }

  private Map<String, Double> numbers(TrainingPosition at) throws IOException {
    Map<String, Double> numbers = new LinkedHashMap<>();
    @Nullable WeightAverage average = choices.average;
    try (var off = GradMode.noGrad();
        WeightAverage.@Nullable Swap swap = average == null ? null : average.swapIn()) {
      for (Evaluator evaluator : evaluators) {
        for (Map.Entry<String, Double> number : evaluator.evaluate(at).entrySet()) {
          if (numbers.put(number.getKey(), number.getValue()) != null) {
            throw new IllegalStateException(
                String.format(
                    Locale.ROOT,
                    "validation: numbers expected with names that differ, got %s twice; rename one",
                    number.getKey()));
          }
        }
      }
    }
    numbers.forEach(
        (name, value) -> {
          if (!Double.isFinite(value)) {
            LOG.warn(
                "validation after step {}: {} expected finite, got {}; it is not chosen as best",
                at.step(),
                name,
                value);
          }
        });
    return numbers;
  }

  /** Whether the numbers are the best so far, which are remembered then. */
  private boolean choose(TrainingPosition at, Map<String, Double> numbers, boolean counts) {
    @Nullable BestMetric metric = choices.metric;
    if (metric == null) {
      return false;
    }
    @Nullable Double value = numbers.get(metric.name());
    if (value == null) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "validation: metric expected to be one of %s, got %s; choose one of them",
              String.join(", ", new TreeSet<>(numbers.keySet())),
              metric.name()));
    }
    if (metric.isBetter(value, best)) {
      best = value;
      bestStep = at.step();
      stale = 0;
      return true;
    }
    stale += counts ? 1 : 0;
    return false;
  }

  /** The best value, its step and the count since then, by the metric's name. */
  @Override
  public Map<String, Double> state() {
    @Nullable BestMetric metric = choices.metric;
    Map<String, Double> state = new LinkedHashMap<>();
    if (metric != null) {
      state.put(key("best"), best);
      state.put(key("best_step"), (double) bestStep);
      state.put(key("stale"), (double) stale);
    }
    return state;
  }

  @Override
  public void restore(Map<String, Double> state) {
    @Nullable Double saved = state.get(key("best"));
    if (choices.metric != null && saved != null) {
      best = saved;
      bestStep = state.getOrDefault(key("best_step"), 0.0).longValue();
      stale = state.getOrDefault(key("stale"), 0.0).intValue();
    }
  }

  private String key(String what) {
    return STATE + what + "." + choices.metric;
  }
}
