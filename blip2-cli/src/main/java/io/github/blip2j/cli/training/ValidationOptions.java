package io.github.blip2j.cli.training;

import io.github.blip2j.training.WeightAverage;
import io.github.blip2j.training.validation.BestMetric;
import io.github.blip2j.training.validation.Evaluator;
import io.github.blip2j.training.validation.Validation;
import io.github.blip2j.training.validation.ValidationResult;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Validation while training, the choice of the best checkpoint, and the average of weights. */
final class ValidationOptions {
  @Option(
      names = "--validate",
      paramLabel = "F",
      description =
          "Held-out records, files or shards as for --data: their losses are logged before the first update and "
              + "then as --validate-every says, without augmentation and dropout.")
  List<String> files = new ArrayList<>();

  @Option(
      names = "--validate-images",
      paramLabel = "DIR",
      description = "The folder of the images of --validate; that of --images by default.")
  @Nullable Path images;

  @Option(
      names = "--validate-every",
      paramLabel = "N",
      description = "Updates between validations; by default one after each epoch.")
  @Nullable Long every;

  @Option(
      names = "--best",
      paramLabel = "METRIC",
      description =
          "Keep the checkpoint of the best validation, best.safetensors, and export it at the end: "
              + "loss, loss_itc, ..., of which the smallest is the best; of anything else, such as "
              + "CIDEr, vqa_accuracy or r_mean, the greatest, unless it is min:METRIC.")
  @Nullable String best;

  @Option(
      names = "--patience",
      paramLabel = "N",
      description =
          "End the run after N validations in a row that are not better than the best one; with "
              + "--best.")
  @Nullable Integer patience;

  @Option(
      names = "--ema",
      paramLabel = "DECAY",
      description =
          "Keep an exponential moving average of the trained weights, such as 0.999, and validate "
              + "and export it instead of the last weights.")
  @Nullable Double decay;

  @Mixin MetricOptions metrics = new MetricOptions();

  ValidationOptions() {}

  /** The metric of {@code --best}, or null. */
  private @Nullable BestMetric bestMetric() {
    if (best == null) {
      return null;
    }
    int goal = best.indexOf(':') + 1;
    return BestMetric.parse(best.substring(0, goal) + MetricGroup.spelled(best.substring(goal)));
  }

  /** The groups of metrics to compute. */
  Set<MetricGroup> metricGroups() {
    Set<MetricGroup> groups = new LinkedHashSet<>(metrics.groups);
    @Nullable BestMetric chosen = bestMetric();
    @Nullable MetricGroup ofBest = chosen == null ? null : MetricGroup.of(chosen.name());
    if (ofBest != null) {
      groups.add(ofBest);
    }
    return groups;
  }

  /**
   * Checks that a command can compute the metrics.
   *
   * @param command its name, for the message
   */
  void requireMetrics(String command, MetricGroup... possible) {
    for (MetricGroup each : metricGroups()) {
      if (!List.of(possible).contains(each)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "%s: metrics expected of %s, got %s",
                command,
                List.of(possible).stream()
                    .map(MetricGroup::toString)
                    .collect(Collectors.joining(" or ")),
                each));
      }
    }
  }

  /** Checks combinations of options. */
  void requireAgreement() {
    metrics.requireAgreement();
    if (files.isEmpty()) {
      requireAbsent("--validate-images", images, "--validate");
      requireAbsent("--validate-every", every, "--validate");
      requireAbsent("--best", best, "--validate");
      @Nullable String ofMetrics = metrics.given();
      if (ofMetrics != null) {
        throw without(ofMetrics, "--validate");
      }
    }
    if (best == null) {
      requireAbsent("--patience", patience, "--best");
    } else {
      bestMetric(); // checks it
    }
    requirePositive("--validate-every", every == null ? 1 : every);
    requirePositive("--patience", patience == null ? 1 : patience);
    if (decay != null && !(decay > 0 && decay < 1)) {
      throw new IllegalArgumentException("--ema: decay expected above 0 and below 1, got " + decay);
    }
  }

  private static void requireAbsent(String option, @Nullable Object value, String other) {
    if (value != null) {
      throw without(option, other);
    }
  }

  private static IllegalArgumentException without(String option, String other) {
    return new IllegalArgumentException(
        String.format(
            Locale.ROOT, "%s expected with %s only, got it without; add %s", option, other, other));
  }

  private static void requirePositive(String option, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s expected at least 1, got %d", option, value));
    }
  }

  /**
   * The validation of a run by these evaluators, or null if there are none.
   *
   * @param hearer of every result
   */
  @Nullable Validation validation(
      List<Evaluator> evaluators,
      @Nullable WeightAverage average,
      Consumer<ValidationResult> hearer) {
    if (evaluators.isEmpty()) {
      return null;
    }
    Validation validation = Validation.of(evaluators).withHearer(hearer);
    if (every != null) {
      validation = validation.every(every);
    }
    @Nullable BestMetric chosen = bestMetric();
    if (chosen != null) {
      validation = validation.withBest(chosen);
    }
    if (patience != null) {
      validation = validation.withPatience(patience);
    }
    return average == null ? validation : validation.withAverage(average);
  }
}
