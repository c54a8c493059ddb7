package io.github.blip2j.cli.training;

import io.github.blip2j.pretraining.StageOneTraining;
import io.github.blip2j.qformer.objective.StageOneObjective;
import picocli.CommandLine.Option;

/** The weights of the three losses of the first stage. */
final class StageOneLosses {
  @Option(
      names = "--itc-weight",
      paramLabel = "F",
      description =
          "Weight of the contrastive loss (ITC), 0 to leave it out; default: ${DEFAULT-VALUE}.")
  double itc = 1;

  @Option(
      names = "--itm-weight",
      paramLabel = "F",
      description =
          "Weight of the matching loss (ITM), 0 to leave it out; default: ${DEFAULT-VALUE}.")
  double itm = 1;

  @Option(
      names = "--itg-weight",
      paramLabel = "F",
      description =
          "Weight of the generation loss (ITG), 0 to leave it out; default: ${DEFAULT-VALUE}.")
  double itg;

  /** With a command's weight of generation, which fine-tuning for retrieval lacks. */
  StageOneLosses(StageDefaults defaults) {
    this.itg = defaults.equals(StageDefaults.RETRIEVAL) ? 0 : 1;
  }

  /** Checks that there is something to learn. */
  void requireAgreement() {
    new StageOneObjective.Weights(itc, itm, itg);
  }

  /** An objective with these weights. */
  StageOneTraining in(StageOneTraining training) {
    return training.withWeights(itc, itm, itg);
  }
}
