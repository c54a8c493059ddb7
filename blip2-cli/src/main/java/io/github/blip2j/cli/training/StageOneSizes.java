package io.github.blip2j.cli.training;

import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2QformerConfig;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Sizes of a Q-Former that starts from a BERT, or from nothing. */
final class StageOneSizes {
  @Option(
      names = "--queries",
      paramLabel = "N",
      description = "With --bert: learned queries, LAVIS's num_query_token; 32 by default.")
  @Nullable Integer queries;

  @Option(
      names = "--cross-attention-every",
      paramLabel = "N",
      description =
          "With --bert: every how many layers read the image, LAVIS's cross_attention_freq; 2 by "
              + "default.")
  @Nullable Integer crossAttentionEvery;

  @Option(
      names = "--projection-dim",
      paramLabel = "N",
      description =
          "With --bert: width of the space in which images and texts are compared, LAVIS's "
              + "embed_dim; 256 by default.")
  @Nullable Integer projectionDim;

  @Option(
      names = "--max-text-tokens",
      paramLabel = "N",
      description = "Longer captions lose their end; by default the model's, or 32.")
  @Nullable Integer maxTextTokens;

  @Option(
      names = "--from-scratch",
      description =
          "Draw the weights of the Q-Former; of --bert only the sizes and the tokenizer are used.")
  boolean fromScratch;

  @Option(
      names = "--qformer-layers",
      paramLabel = "N",
      description = "With --from-scratch: layers of the Q-Former; those of --bert by default.")
  @Nullable Integer layers;

  @Option(
      names = "--qformer-dim",
      paramLabel = "N",
      description = "With --from-scratch: width of the Q-Former; that of --bert by default.")
  @Nullable Integer dim;

  @Option(
      names = "--qformer-heads",
      paramLabel = "N",
      description =
          "With --from-scratch: attention heads of the Q-Former; those of --bert by default.")
  @Nullable Integer heads;

  @Option(
      names = "--qformer-mlp-dim",
      paramLabel = "N",
      description =
          "With --from-scratch: inner width of the Q-Former's MLPs; that of --bert by default.")
  @Nullable Integer mlpDim;

  StageOneSizes() {}

  /**
   * Checks combinations of options.
   *
   * @param command its name in messages
   * @param loaded whether the run starts from a whole model, whose sizes stay
   */
  void requireAgreement(String command, boolean loaded) {
    requireAll(
        command + ": %s expected with --bert, got it with --model, whose sizes stay",
        !loaded,
        new String[] {"--queries", "--cross-attention-every", "--projection-dim"},
        new @Nullable Integer[] {queries, crossAttentionEvery, projectionDim});
    if (loaded && fromScratch) {
      throw new IllegalArgumentException(
          command + ": --from-scratch expected with --bert, got it with --model");
    }
    requireAll(
        command + ": %s expected with --from-scratch, got the weights of --bert",
        fromScratch,
        new String[] {"--qformer-layers", "--qformer-dim", "--qformer-heads", "--qformer-mlp-dim"},
        new @Nullable Integer[] {layers, dim, heads, mlpDim});
    requireAll(
        "%s expected at least 1, got %d",
        false,
        new String[] {"--queries", "--cross-attention-every", "--projection-dim"},
        new @Nullable Integer[] {
          unlessPositive(queries),
          unlessPositive(crossAttentionEvery),
          unlessPositive(projectionDim)
        });
  }

  private static @Nullable Integer unlessPositive(@Nullable Integer value) {
    return value == null || value > 0 ? null : value;
  }

  private static void requireAll(
      String message, boolean allowed, String[] names, @Nullable Integer[] values) {
    for (int i = 0; i < names.length; i++) {
      if (values[i] != null && !allowed) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, message, names[i], values[i]));
      }
    }
  }

  /** A model's sizes with these. */
  Blip2RetrievalConfig in(Blip2RetrievalConfig config) {
    Blip2QformerConfig sizes = config.qformer();
    BertConfig bert = sizes.bert();
    if (fromScratch) {
      bert =
          bert.withLayers(
              or(layers, bert.layers()),
              or(dim, bert.dim()),
              or(heads, bert.heads()),
              or(mlpDim, bert.mlpDim()));
    }
    sizes =
        sizes
            .withBert(
                bert.withCrossAttentionEvery(or(crossAttentionEvery, bert.crossAttentionEvery())))
            .withQueryTokens(or(queries, sizes.queryTokens()))
            .withProjectionDim(or(projectionDim, sizes.projectionDim()))
            .withMaxTextTokens(or(maxTextTokens, sizes.maxTextTokens()));
    return config.withQformer(sizes);
  }

  private static int or(@Nullable Integer chosen, int otherwise) {
    return chosen == null ? otherwise : chosen;
  }
}
