package io.github.blip2j.cli.training;

import io.github.blip2j.evaluation.MetricEvaluators;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Metrics that are computed together. */
enum MetricGroup {
  /** Of generated captions. */
  CAPTIONS("Bleu_1", "Bleu_2", "Bleu_3", "Bleu_4", "ROUGE_L", "CIDEr", "agg_metrics"),
  /** Of answers to questions. */
  ANSWERS(MetricEvaluators.ACCURACY, MetricEvaluators.CHOICE_ACCURACY),
  /** Of search in both directions. */
  RETRIEVAL(
      "txt_r1",
      "txt_r5",
      "txt_r10",
      "txt_r_mean",
      "img_r1",
      "img_r5",
      "img_r10",
      "img_r_mean",
      "r_mean");

  @SuppressWarnings("ImmutableEnumChecker") // List.of
  private final List<String> metrics;

  MetricGroup(String... metrics) {
    this.metrics = List.of(metrics);
  }

  /** The group of a metric, in any case of letters, or null if it is of none. */
  static @Nullable MetricGroup of(String metric) {
    return Arrays.stream(values())
        .filter(group -> group.metrics.stream().anyMatch(metric::equalsIgnoreCase))
        .findFirst()
        .orElse(null);
  }

  /** A metric's name as it is logged, whatever the case of its letters. */
  static String spelled(String metric) {
    return Arrays.stream(values())
        .flatMap(group -> group.metrics.stream())
        .filter(metric::equalsIgnoreCase)
        .findFirst()
        .orElse(isLoss(metric) ? metric.toLowerCase(Locale.ROOT) : metric);
  }

  private static boolean isLoss(String metric) {
    String plain = metric.toLowerCase(Locale.ROOT);
    return plain.equals("loss") || plain.startsWith("loss_") || plain.startsWith("val_loss");
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Reads names of groups. */
  static final class Name implements ITypeConverter<MetricGroup> {
    Name() {}

    @Override
    public MetricGroup convert(String value) {
      for (MetricGroup group : values()) {
        if (group.toString().equals(value)) {
          return group;
        }
      }
      String known =
          Arrays.stream(values()).map(MetricGroup::toString).collect(Collectors.joining(", "));
      throw new TypeConversionException("expected one of " + known + ", got '" + value + "'");
    }
  }
}
