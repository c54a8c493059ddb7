package io.github.blip2j.cli.training;

import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.pretraining.Tuning;
import io.github.blip2j.vision.VisionEncoder;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is trained besides a stage's own parts, and how fast the layers learn. */
final class TuningOptions {
  /** A comma that is not of a regular expression between slashes, such as {@code /.{1,3}/}. */
  private static final String OUTSIDE_SLASHES = ",(?=(?:[^/]*/[^/]*/)*[^/]*$)";

  @Option(
      names = "--train",
      split = OUTSIDE_SLASHES,
      splitSynopsisLabel = ",",
      paramLabel = "GLOB",
      description =
          "Train these parameters too: globs of names that blip2 inspect lists, such as "
              + "'vision.layers.3[0-9].*', or regular expressions between slashes.")
  List<String> trained = new ArrayList<>();

  @Option(
      names = "--freeze",
      split = OUTSIDE_SLASHES,
      splitSynopsisLabel = ",",
      paramLabel = "GLOB",
      description = "Leave these parameters as they are, in the same notation.")
  List<String> frozen = new ArrayList<>();

  @Option(
      names = "--layer-decay",
      paramLabel = "F",
      description =
          "The factor of the learning rate from each layer of a trained vision encoder to the one "
              + "below; none by default, 0.95 for train vqa.")
  @Nullable Double layerDecay;

  private final @Nullable Double usualDecay;

  /** With a command's layer-wise decay. */
  TuningOptions(StageDefaults defaults) {
    this.layerDecay = defaults.layerDecay();
    this.usualDecay = defaults.layerDecay();
  }

  /**
   * The choice of parameters.
   *
   * @throws IllegalArgumentException if a pattern is wrong
   */
  Tuning tuning() {
    return Tuning.NONE.withTrained(trained).withFrozen(frozen);
  }

  /** Checks the numbers. */
  void requireAgreement() {
    tuning();
    if (layerDecay != null && !(layerDecay > 0 && layerDecay <= 1)) {
      throw new IllegalArgumentException("--layer-decay expected in (0, 1], got " + layerDecay);
    }
  }

  /** The groups of the trained parameters of a model with this vision encoder. */
  List<ParameterGroup> groups(
      Collection<Parameter> parameters, VisionEncoder vision, double weightDecay) {
    boolean trained =
        parameters.stream().anyMatch(each -> each.isTrained() && each.name().startsWith("vision."));
    if (!trained && layerDecay != null && !layerDecay.equals(usualDecay)) {
      throw new IllegalArgumentException(
          "--layer-decay expected with a trained vision encoder, got a frozen one; add"
              + " --train-vision, or leave it out");
    }
    return layerDecay == null
        ? ParameterGroup.of(parameters, weightDecay)
        : ParameterGroup.of(parameters, weightDecay, vision.layerDecay(layerDecay, "vision"));
  }
}
