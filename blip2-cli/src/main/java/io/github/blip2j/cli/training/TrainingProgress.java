package io.github.blip2j.cli.training;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.validation.ValidationResult;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Prints the progress of training, a line for each report, and keeps the last report and
 * checkpoint.
 */
final class TrainingProgress implements TrainingListener {
  private static final String PART = "loss_";
  private static final double NOTABLE = 0.05;

  private final Console console;
  private final Progress progress;
  private final long steps;
  private List<String> options = List.of();
  private @Nullable StepReport last;
  private @Nullable Path checkpoint;

  /** Progress towards {@code steps} updates. */
  TrainingProgress(Console console, Progress progress, long steps) {
    this.console = console;
    this.progress = progress;
    this.steps = steps;
  }

  @Override
  public void stepped(StepReport report) {
    last = report;
    progress.clear();
    console.note(line(report));
    progress.doing(
        String.format(
            Locale.ROOT, "training, after step %d of %d", report.position().step(), steps));
  }

  @Override
  public void resumed(TrainingPosition position, List<String> changes) {
    progress.clear();
    if (!options.isEmpty()) {
      console.note("resuming with other options: " + String.join(", ", options));
    }
    if (!changes.isEmpty()) {
      console.note(
          String.format(
              Locale.ROOT,
              "resuming after step %d with another %s; the run differs from one without a stop",
              position.step(),
              String.join(", ", changes)));
    }
  }

  /** With the options that a resume changes, in words, to be told when it goes on. */
  void resuming(List<String> changedOptions) {
    options = List.copyOf(changedOptions);
  }

  /** Tells of a validation. */
  void validated(ValidationResult result) {
    progress.clear();
    String numbers =
        result.numbers().entrySet().stream()
            .map(each -> String.format(Locale.ROOT, "%s %.4g", each.getKey(), each.getValue()))
            .collect(Collectors.joining(", "));
    console.note(
        String.format(
            Locale.ROOT,
            "validation after step %d: %s%s",
            result.position().step(),
            numbers,
            result.best() ? "; the best so far" : ""));
    progress.doing(
        String.format(
            Locale.ROOT, "training, after step %d of %d", result.position().step(), steps));
  }

  @Override
  public void saved(Path file, TrainingPosition position) {
    checkpoint = file;
  }

  /** The last report, or null if there was none. */
  @Nullable StepReport last() {
    return last;
  }

  /** The last checkpoint, or null if none was written. */
  @Nullable Path checkpoint() {
    return checkpoint;
  }

  private String line(StepReport report) {
    String parts =
        report.losses().entrySet().stream()
            .filter(loss -> loss.getKey().startsWith(PART))
            .map(
                loss ->
                    String.format(
                        Locale.ROOT,
                        "%s %.3f",
                        loss.getKey().substring(PART.length()),
                        loss.getValue()))
            .collect(Collectors.joining(", "));
    Duration left = report.remaining();
    return String.format(
        Locale.ROOT,
        "step %d of %d, epoch %d, loss %.3f%s, lr %.3g, %.2f samples/s%s%s",
        report.position().step(),
        steps,
        report.position().epoch(),
        report.losses().getOrDefault("loss", Double.NaN),
        parts.isEmpty() ? "" : " (" + parts + ")",
        report.lr(),
        report.samplesPerSecond(),
        waiting(report),
        left == null ? "" : ", " + clock(left) + " left");
  }

  /** The share of time in which training waited for data, if it is worth a word. */
  private static String waiting(StepReport report) {
    StepReport.@Nullable Usage usage = report.usage();
    return usage == null || usage.dataShare() < NOTABLE
        ? ""
        : String.format(Locale.ROOT, ", %.0f %% of it waiting for data", 100 * usage.dataShare());
  }

  private static String clock(Duration time) {
    return String.format(
        Locale.ROOT, "%d:%02d:%02d", time.toHours(), time.toMinutesPart(), time.toSecondsPart());
  }
}
