package io.github.blip2j.cli;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Generated;
import io.github.blip2j.blip2.ImageFeatures;
import io.github.blip2j.blip2.TextStream;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.TokenListener;
import io.github.blip2j.tensor.MemoryShortageException;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.ExitCode;

/** One run of a command that writes about images: load, then image after image. */
final class TextRun {
  private final TextOptions options;
  private final String prompt;
  private final Decoding decoding;
  private final Console console;
  private final Timings timings = new Timings("load", "preprocess", "vision_qformer", "generate");

  private TextRun(TextOptions options, String prompt, Decoding decoding, Console console) {
    this.options = options;
    this.prompt = prompt;
    this.decoding = decoding;
    this.console = console;
  }

  /**
   * A run of {@code options}.
   *
   * @throws UsageException if they contradict each other
   */
  static TextRun of(TextOptions options, Supplier<String> prompt, Console console) {
    try {
      options.requireAgreement();
      return new TextRun(options, prompt.get(), options.decoding.decoding(), console);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  /** Does the work and returns the exit code: 1 if any image failed, whatever became of others. */
  int run() throws IOException {
    options.decoding.idle().forEach(console::complain);
    try (var progress = Progress.on(console)) {
      progress.doing("loading " + options.modelName());
      try (Blip2 blip2 = timings.time("load", options::load)) {
        return all(blip2, progress);
      }
    }
  }

  private int all(Blip2 blip2, Progress progress) {
    TextReport report =
        options.run.json
            ? new JsonReport(console, options, timings)
            : new LineReport(console, options);
    int failed = 0;
    for (int i = 0; i < options.images.size(); i++) {
      String image = options.images.get(i);
      progress.doing("image %d of %d, %s".formatted(i + 1, options.images.size(), image));
      try {
        List<Generated> texts = describe(blip2, image, progress);
        progress.clear();
        report.add(image, prompt, texts);
      } catch (IOException
          | IllegalArgumentException
          | IllegalStateException
          | MemoryShortageException
          | OutOfMemoryError e) {
        // The other images are no worse for it: even a full heap is empty again without this one.
        progress.clear();
        console.complain(Failure.describe(e));
        failed++;
      }
    }
    progress.clear();
    report.finish();
    return failed == 0 ? ExitCode.OK : ExitCode.SOFTWARE;
  }

  private List<Generated> describe(Blip2 blip2, String image, Progress progress)
      throws IOException {
    TextStream words = words(blip2, image);
    TokenListener listener =
        options.stream
            ? (row, token) -> {
              progress.clear();
              words.onToken(row, token);
            }
            : (row, token) -> {};
    try (ImageFeatures features = look(blip2, image)) {
      List<Generated> texts =
          timings.time(
              "generate",
              () -> blip2.generate(features, List.of(prompt), decoding, listener).get(0));
      words.finish();
      texts.forEach(text -> timings.countTokens(text.tokenIds().size()));
      return options.echo
          ? texts.stream().map(text -> text.withText(text.textWithPrompt())).toList()
          : texts;
    }
  }

  private ImageFeatures look(Blip2 blip2, String image) throws IOException {
    var pictures = new Pictures(console, options.exif);
    try (var scope = Scope.open()) {
      Tensor pixels =
          timings.time(
              "preprocess", () -> blip2.pixels(List.of(pictures.read(image)))); // [1, 3, H, W]
      return timings.time("vision_qformer", () -> blip2.encode(pixels));
    }
  }

  /** Prints the text piece by piece, after what goes before it. */
  private TextStream words(Blip2 blip2, String image) {
    var before = new StringBuilder(options.images.size() > 1 ? image + ": " : "").append(echo());
    return TextStream.of(
        blip2.tokenizer(),
        piece -> {
          console.out().print(before + piece.replaceAll("\\R", " "));
          console.out().flush();
          before.setLength(0);
        });
  }

  private String echo() {
    return options.echo && !prompt.isEmpty() ? prompt.strip() + " " : "";
  }
}
