package io.github.blip2j.cli.training;

import io.github.blip2j.evaluation.RetrievalTask;
import io.github.blip2j.generation.GenerationConfig;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Metrics of held-out images or questions, beside the losses, and how texts are generated. */
final class MetricOptions {
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
              + "${DEFAULT-VALUE}.")
  int limit = 200;

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
      description = "Candidates that are matched for recall; default: ${DEFAULT-VALUE}.")
  int candidates = RetrievalTask.CANDIDATES;

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

  /** How texts are generated. */
  GenerationConfig decoding(GenerationConfig usual) {
    GenerationConfig decoding = beams == null ? usual : usual.numBeams(beams);
    decoding = maxNewTokens == null ? decoding : decoding.maxNewTokens(maxNewTokens);
    return minNewTokens == null ? decoding : decoding.minNewTokens(minNewTokens);
  }
}
