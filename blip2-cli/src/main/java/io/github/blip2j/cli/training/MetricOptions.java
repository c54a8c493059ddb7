package io.github.blip2j.cli.training;

import io.github.blip2j.evaluation.RetrievalTask;
import io.github.blip2j.generation.GenerationConfig;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Metrics of held-out images or questions, beside the losses, and how texts are generated. */
final class MetricOptions {
  private static final int LIMIT = 200;

  @Option(
      names = "--validate-metrics",
      split = ",",
      paramLabel = "GROUP",
      converter = MetricGroup.Name.class,
      description =
          "Metrics to compute of the held-out records besides: in stage2 captions (CIDEr, Bleu_4, "
              + "ROUGE_L, ...) and answers (vqa_accuracy), in stage1 retrieval (txt_r1, img_r10, "
              + "r_mean, ...). A metric of --best is computed too.")
  Set<MetricGroup> groups = new LinkedHashSet<>();

  @Option(
      names = "--validate-limit",
      paramLabel = "N",
      description =
          "The first N images or questions have metrics, as with evaluate --limit; default: "
              + LIMIT
              + ".")
  @Nullable Integer limit;

  @Option(
      names = "--validate-num-beams",
      paramLabel = "N",
      description = "Beams of the texts for metrics; by default as evaluate decodes.")
  @Nullable Integer beams;

  @Option(
      names = "--validate-max-new-tokens",
      paramLabel = "N",
      description = "Most tokens of the texts for metrics; by default as evaluate decodes.")
  @Nullable Integer maxNewTokens;

  @Option(
      names = "--validate-min-new-tokens",
      paramLabel = "N",
      description = "Fewest tokens of the texts for metrics; by default as evaluate decodes.")
  @Nullable Integer minNewTokens;

  @Option(
      names = "--validate-k",
      paramLabel = "N",
      description =
          "Candidates that are matched for recall; default: " + RetrievalTask.CANDIDATES + ".")
  @Nullable Integer candidates;

  MetricOptions() {}

  /** Checks the options. */
  void requireAgreement() {
    requirePositive("--validate-limit", limit);
    requirePositive("--validate-k", candidates);
    requirePositive("--validate-num-beams", beams);
    requirePositive("--validate-max-new-tokens", maxNewTokens);
    requirePositive("--validate-min-new-tokens", minNewTokens);
    if (maxNewTokens != null && minNewTokens != null && minNewTokens > maxNewTokens) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--validate-min-new-tokens expected at most %d, as --validate-max-new-tokens, got %d",
              maxNewTokens,
              minNewTokens));
    }
  }

  private static void requirePositive(String option, @Nullable Integer value) {
    if (value != null && value < 1) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "%s expected at least 1, got %d", option, value));
    }
  }

  /** The first of these options that is given, or null. */
  @Nullable String given() {
    Map<String, @Nullable Object> values = new LinkedHashMap<>();
    values.put("--validate-metrics", groups.isEmpty() ? null : groups);
    values.put("--validate-limit", limit);
    values.put("--validate-num-beams", beams);
    values.put("--validate-max-new-tokens", maxNewTokens);
    values.put("--validate-min-new-tokens", minNewTokens);
    values.put("--validate-k", candidates);
    return values.keySet().stream()
        .filter(option -> values.get(option) != null)
        .findFirst()
        .orElse(null);
  }

  /** How many images or questions have metrics. */
  int limit() {
    return limit == null ? LIMIT : limit;
  }

  /** How many candidates are matched. */
  int candidates() {
    return candidates == null ? RetrievalTask.CANDIDATES : candidates;
  }

  /** How texts are generated. */
  GenerationConfig decoding(GenerationConfig usual) {
    GenerationConfig decoding = beams == null ? usual : usual.numBeams(beams);
    decoding = maxNewTokens == null ? decoding : decoding.maxNewTokens(maxNewTokens);
    return minNewTokens == null ? decoding : decoding.minNewTokens(minNewTokens);
  }
}
