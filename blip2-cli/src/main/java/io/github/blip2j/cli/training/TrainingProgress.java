package io.github.blip2j.cli.training;

import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.console.Progress;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Prints the progress of training, a line for each report, and keeps the last report and
 * checkpoint.
 */
final class TrainingProgress implements TrainingListener {
  private static final String PART = "loss_";

  private final Console console;
  private final Progress progress;
  private final long steps;
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
        "step %d of %d, epoch %d, loss %.3f%s, lr %.3g, %.2f samples/s%s",
        report.position().step(),
        steps,
        report.position().epoch(),
        report.losses().getOrDefault("loss", Double.NaN),
        parts.isEmpty() ? "" : " (" + parts + ")",
        report.lr(),
        report.samplesPerSecond(),
        left == null ? "" : ", " + clock(left) + " left");
  }

  private static String clock(Duration time) {
    return String.format(
        Locale.ROOT, "%d:%02d:%02d", time.toHours(), time.toMinutesPart(), time.toSecondsPart());
  }
}
