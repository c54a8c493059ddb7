package io.github.blip2j.cli.training;

import io.github.blip2j.cli.option.NamedPrecision;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.optim.Optimizer;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.training.parallel.GradientExchange;
import picocli.CommandLine.Option;

/** What the ranks of {@code mpirun} do together; one process alone needs none of it. */
final class RankOptions {
  @Option(
      names = "--gradient-sums",
      paramLabel = "TYPE",
      converter = NamedPrecision.class,
      description =
          "With mpirun: float32, or bfloat16, which sends half as many bytes and rounds gradients "
              + "to three digits. Default: ${DEFAULT-VALUE}.")
  Precision gradientSums = Precision.FLOAT32;

  @Option(
      names = "--shard-optimizer",
      description =
          "With mpirun: each rank keeps the optimizer's state of its share of the parameters "
              + "(ZeRO-1). Saves memory, and changes no result.")
  boolean shardOptimizer;

  RankOptions() {}

  /**
   * How gradients are added.
   *
   * @throws IllegalArgumentException if they can't be in that precision
   */
  GradientExchange exchange() {
    return GradientExchange.DEFAULT.withPrecision(gradientSums);
  }

  /** Shares the optimizer's state, if that is wanted. */
  void share(Optimizer optimizer, Ranks ranks) {
    if (shardOptimizer) {
      optimizer.shareState(ranks);
    }
  }
}
