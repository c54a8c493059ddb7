package io.github.blip2j.cli.text;

import io.github.blip2j.cli.option.DecodingOptions;
import io.github.blip2j.cli.option.GenerationModelOptions;
import io.github.blip2j.cli.option.ImageArguments;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** The options of every command that generates text about images. */
final class TextOptions {
  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE|FOLDER",
      description =
          "Image files; folders for all images in them and in their folders; - for "
              + "standard input.")
  List<String> images = new ArrayList<>();

  @Mixin GenerationModelOptions model = new GenerationModelOptions();

  @Option(names = "--echo", description = "Print the prompt before the text.")
  boolean echo;

  @Option(names = "--stream", description = "Print the text while it is generated.")
  boolean stream;

  @Mixin DecodingOptions decoding = new DecodingOptions();

  /**
   * Checks that there are images, or a data set that names them.
   *
   * @throws ParameterException if there are none, or both
   */
  void requireImages(CommandSpec spec, boolean data) {
    if (images.isEmpty() && !data) {
      throw new ParameterException(
          spec.commandLine(), "missing required parameter: 'IMAGE|FOLDER'");
    }
    if (!images.isEmpty() && data) {
      throw new ParameterException(
          spec.commandLine(),
          "--data: images expected in the file alone, got " + images.get(0) + " too");
    }
  }

  /** Checks combinations of options. */
  void requireAgreement() {
    model.prepare();
    if (stream && model.run.json) {
      throw new IllegalArgumentException(
          "--stream: output expected as text, got --json; leave one of them out");
    }
    if (stream && decoding.returning != null && decoding.returning > 1) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "--stream: --num-return expected 1, got %d; leave --stream out",
              decoding.returning));
    }
    ImageArguments.requireReadable(images);
  }
}
