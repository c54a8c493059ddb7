package io.github.blip2j.cli;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What every command that writes about images can be told. */
final class TextOptions {
  @Parameters(
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "JPEG, PNG, GIF, BMP or TIFF files; - for standard input.")
  List<String> images = new ArrayList<>();

  @Mixin WriterOptions writer = new WriterOptions();

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
          "--stream: --num-return expected 1, got %d; leave --stream out"
              .formatted(decoding.returning));
    }
    Pictures.requireReadable(images);
  }
}
