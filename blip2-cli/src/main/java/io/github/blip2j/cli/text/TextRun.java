package io.github.blip2j.cli.text;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.TextStreamer;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.EachImage;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.cli.console.Timings;
import io.github.blip2j.cli.console.UsageException;
import io.github.blip2j.cli.option.ImageArguments;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.TokenStreamer;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.function.Supplier;

/** One run of a command that generates text about images: load, then image after image. */
final class TextRun {
  /** The prompts that a model is to continue, which may depend on its kind. */
  @FunctionalInterface
  interface Prompts {
    /** The prompts about every image. */
    List<String> of(Blip2 blip2);
  }

  private final TextOptions options;
  private final Prompts prompts;
  private final TextTask task;
  private final Console console;
  private final Timings timings = new Timings("load", "preprocess", "vision_qformer", "generate");

  private TextRun(TextOptions options, Prompts prompts, TextTask task, Console console) {
    this.options = options;
    this.prompts = prompts;
    this.task = task;
    this.console = console;
  }

  /**
   * A run of {@code options}.
   *
   * @throws UsageException if they contradict each other
   */
  static TextRun of(
      TextOptions options, TextTask task, Supplier<Prompts> prompts, Console console) {
    try {
      options.requireAgreement();
      options.decoding.over(task.usual(options.model.convention()));
      return new TextRun(options, prompts.get(), task, console);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e);
    }
  }

  /**
   * Does the work and returns the exit code: 1 if any image failed, whether or not others
   * succeeded.
   */
  int run() throws IOException {
    options.images = ImageArguments.names(options.images);
    GenerationConfig expected = options.decoding.over(task.usual(options.model.convention()));
    options.decoding.idle(expected).forEach(console::complain);
    try (var progress = Progress.on(console)) {
      progress.doing("loading " + options.model.modelName());
      try (Blip2 blip2 = timings.time("load", options.model::load)) {
        return all(blip2, progress);
      }
    }
  }

  private int all(Blip2 blip2, Progress progress) {
    TextReport report =
        options.model.run.json
            ? new JsonReport(console, options, timings)
            : new LineReport(console, options);
    GenerationConfig decoding = options.decoding.over(task.usual(blip2));
    List<String> promptTexts = prompts.of(blip2);
    int code =
        new EachImage(console, progress)
            .of(
                options.images,
                image -> describe(blip2, image, promptTexts, decoding, progress, report));
    report.finish();
    return code;
  }

  private void describe(
      Blip2 blip2,
      String image,
      List<String> promptTexts,
      GenerationConfig decoding,
      Progress progress,
      TextReport report)
      throws IOException {
    try (ImageFeatures features = encode(blip2, image)) {
      if (options.stream) {
        for (String prompt : promptTexts) {
          report.add(image, prompt, stream(blip2, features, image, prompt, decoding, progress));
        }
        return;
      }
      List<List<Generated>> texts =
          timings.time("generate", () -> blip2.generate(features, promptTexts, decoding));
      progress.clear();
      for (int i = 0; i < promptTexts.size(); i++) {
        report.add(image, promptTexts.get(i), withEcho(texts.get(i)));
      }
    }
  }

  private List<Generated> stream(
      Blip2 blip2,
      ImageFeatures features,
      String image,
      String prompt,
      GenerationConfig decoding,
      Progress progress)
      throws IOException {
    TextStreamer streamer = streamer(blip2, image, prompt, decoding);
    TokenStreamer listener =
        (row, token) -> {
          progress.clear();
          streamer.onToken(row, token);
        };
    List<Generated> texts =
        timings.time(
            "generate", () -> blip2.generate(features, List.of(prompt), decoding, listener).get(0));
    streamer.finish();
    progress.clear();
    return withEcho(texts);
  }

  /** The texts as they are printed: with {@code --echo} after their prompt. */
  private List<Generated> withEcho(List<Generated> texts) {
    texts.forEach(text -> timings.countTokens(text.tokenIds().size()));
    return options.echo
        ? texts.stream().map(text -> text.withText(text.textWithPrompt())).toList()
        : texts;
  }

  private ImageFeatures encode(Blip2 blip2, String image) throws IOException {
    var arguments = new ImageArguments(console, options.model.exif);
    try (var scope = Scope.open()) {
      Tensor pixels =
          timings.time(
              "preprocess", () -> blip2.pixels(List.of(arguments.read(image)))); // [1, 3, H, W]
      return timings.time("vision_qformer", () -> blip2.encode(pixels));
    }
  }

  /** Prints the text piece by piece, after the image's name and the echoed prompt. */
  private TextStreamer streamer(
      Blip2 blip2, String image, String prompt, GenerationConfig decoding) {
    String name = options.images.size() > 1 ? image + ": " : "";
    var before = new StringBuilder(name).append(echo(prompt));
    return TextStreamer.of(
        blip2.tokenizer(),
        decoding,
        piece -> {
          console.out().print(before + piece.replaceAll("\\R", " "));
          console.out().flush();
          before.setLength(0);
        });
  }

  private String echo(String prompt) {
    return options.echo && !prompt.isEmpty() ? prompt.strip() + " " : "";
  }
}
