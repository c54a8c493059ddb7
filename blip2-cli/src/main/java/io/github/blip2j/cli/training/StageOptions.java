package io.github.blip2j.cli.training;

import io.github.blip2j.cli.runfile.RunFileOptions;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.training.TrainingSettings;
import io.github.blip2j.training.run.RunDescription;
import io.github.blip2j.vision.VisionEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The options of the training of either stage. */
final class StageOptions {
  /** The last paragraph of either stage's description. */
  static final String DESCRIPTION =
      "Defaults are those LAVIS pretrains with. Writes run.json, log.jsonl, curves.html, "
          + "TensorBoard's events and checkpoints to --out; Ctrl-C ends with a checkpoint, and --resume continues from the last one to "
          + "bit-identical results.";

  @Mixin DataOptions data;
  @Mixin RunFileOptions file = new RunFileOptions();
  @Mixin TrainingRunOptions run = new TrainingRunOptions();
  @Mixin OptimizerOptions optimizing;
  @Mixin RankOptions ranks = new RankOptions();
  @Mixin TuningOptions tuning;
  @Mixin ValidationOptions validation = new ValidationOptions();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command = CommandSpec.create();

  /** With a command's defaults. */
  StageOptions(StageDefaults defaults) {
    this.data = new DataOptions(defaults);
    this.optimizing = new OptimizerOptions(defaults);
    this.tuning = new TuningOptions(defaults);
  }

  /** A command of a stage under another name. */
  static CommandLine named(Object command, String name, String description) {
    CommandLine line = new CommandLine(command);
    line.getCommandSpec().name(name).usageMessage().description(description, DESCRIPTION);
    return line;
  }

  /** Checks all that needs no loaded model. */
  void requireAgreement() {
    data.requireAgreement();
    tuning.requireAgreement();
    validation.requireAgreement();
    optimizing.settings(run.out, Long.MAX_VALUE / Math.max(1, optimizing.epochs), data.seed);
    optimizing.rule();
    ranks.exchange();
    double decay = optimizing.weightDecay;
    if (!(decay >= 0 && Double.isFinite(decay))) {
      throw new IllegalArgumentException(
          "--weight-decay expected at least 0 and finite, got " + decay);
    }
  }

  /** What the command line says of a run, with all files of its data. */
  RunDescription description() throws IOException {
    List<Path> files = new ArrayList<>(data.files());
    if (!validation.files.isEmpty()) {
      files.addAll(DataOptions.files(validation.files));
    }
    return CommandDescription.of(command, files);
  }

  /** The settings of a run. */
  TrainingSettings settings(CaptionBatches batches) {
    return optimizing.settings(run.out, batches.batchesPerEpoch().orElse(1), data.seed);
  }

  /** The groups of the trained parameters of a model with this vision encoder. */
  List<ParameterGroup> groups(Collection<Parameter> parameters, VisionEncoder vision) {
    return tuning.groups(parameters, vision, optimizing.weightDecay);
  }
}
