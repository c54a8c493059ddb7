package io.github.blip2j.cli.text;

import io.github.blip2j.cli.option.ImageArguments;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The files that captions of many images go to instead of standard output. */
final class CaptionFileOptions {
  private static final List<String> ENDINGS = List.of(".jsonl", ".csv");

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "Write captions to a file: a line of JSON for each image if it ends in "
              + ".jsonl, a row if it ends in .csv. The same command resumes it after a stop. With"
              + " --data, a .json of results.")
  @Nullable Path out;

  @Option(
      names = "--txt",
      description =
          "Write each caption to a .txt file beside its image. Images that have one are "
              + "skipped.")
  boolean beside;

  @Option(
      names = "--overwrite",
      description =
          "Caption again what an earlier run captioned, and keep its captions of other images.")
  boolean overwrite;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      description = "With --out or --txt: images in a batch; 8 by default.")
  @Nullable Integer batchSize;

  /** Whether captions go to files. */
  boolean areGiven() {
    return out != null || beside;
  }

  /** Whether the file is to be CSV instead of lines of JSON. */
  boolean csv() {
    return ending().equals(".csv");
  }

  /**
   * Checks combinations of options.
   *
   * @throws IllegalArgumentException if two contradict each other
   */
  void requireAgreement(TextOptions options) {
    if (!areGiven()) {
      require(!overwrite, "--overwrite: --out or --txt expected too, got neither");
      require(batchSize == null, "--batch-size: --out or --txt expected too, got neither");
      return;
    }
    require(out == null || !beside, "--txt: got --out too; leave one of them out");
    require(
        out == null || ENDINGS.contains(ending()),
        "--out: file name expected to end in .jsonl or .csv, got " + out);
    require(!options.stream, "--stream: captions expected on standard output, got --out or --txt");
    require(
        !options.images.contains(ImageArguments.STANDARD_INPUT),
        "-: files or folders expected with --out or --txt, got standard input");
    require(
        batchSize == null || batchSize > 0, "--batch-size: 1 or more expected, got " + batchSize);
  }

  /**
   * Where the captions of a data set go.
   *
   * @throws IllegalArgumentException if that is no JSON file, or options do not fit
   */
  ResultTarget target(TextOptions options) {
    require(out != null, "--data: --out FILE.json expected too, got none");
    require(!beside, "--txt: a file for all expected with --data; leave it out");
    require(!options.stream && !options.echo, "--data: got --stream or --echo; leave it out");
    return new ResultTarget(out, overwrite, batchSize);
  }

  private String ending() {
    String name = String.valueOf(out).toLowerCase(Locale.ROOT);
    return name.substring(Math.max(0, name.lastIndexOf('.')));
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new IllegalArgumentException(otherwise);
    }
  }
}
