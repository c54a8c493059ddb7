package io.github.blip2j.cli.text;

import io.github.blip2j.cli.option.DecodingOptions;
import io.github.blip2j.cli.option.GenerationModelOptions;
import io.github.blip2j.cli.option.ImageArguments;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What every command that writes about images can be told. */
final class TextOptions {
  @Parameters(
      arity = "1..*",
      paramLabel = "IMAGE|FOLDER",
      description = {
        "Picture files; folders for all pictures in them and in their folders; - for standard input."
      })
  List<String> images = new ArrayList<>();

  @Mixin GenerationModelOptions writer = new GenerationModelOptions();

  @Option(names = "--echo", description = "Print the prompt before the text.")
  boolean echo;

  @Option(names = "--stream", description = "Print words while they are written.")
  boolean stream;

  @Mixin DecodingOptions decoding = new DecodingOptions();

  /** Checks what no single option can. */
  void requireAgreement() {
    writer.prepare();
    if (stream && writer.run.json) {
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
