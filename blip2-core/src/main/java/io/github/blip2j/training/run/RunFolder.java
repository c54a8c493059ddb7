package io.github.blip2j.training.run;

import io.github.blip2j.training.RunControl;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folder of a run beside its log and checkpoints: {@code run.json} with what it was made from,
 * {@code curves.html} with its curves, and {@code tensorboard/} with event files.
 *
 * <pre>{@code
 * var description = RunDescription.of("my objective").withData(List.of(captions));
 * try (var folder = RunFolder.open(settings.output(), description)) {
 *   trainer.start(validation.and(folder)); // after the listeners whose numbers it shows
 * }
 * }</pre>
 *
 * <p>Curves and event files that can't be written are left out with a warning; they end no run.
 */
public final class RunFolder implements TrainingListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RunFolder.class);
  private static final String EVENTS = "tensorboard";
  private static final long PAUSE = 10_000_000_000L; // nanoseconds between two pages
  private static final long SHARE = 50; // of the time between them that a page may take

  private final Path folder;
  private final RunFile file;
  private final TensorBoard events;
  private boolean begun;
  private boolean failed;
  private long nextPage;

  private RunFolder(Path folder, RunFile file) {
    this.folder = folder;
    this.file = file;
    this.events = new TensorBoard(folder.resolve(EVENTS));
  }

  /**
   * Opens the folder of a run that is to be started or resumed. Nothing is written before it
   * starts.
   *
   * @throws IllegalStateException if it is the folder of another run: of another command, or from
   *     other models
   * @throws IOException if a file of the data or the models can't be read, or {@code run.json} is
   *     damaged
   */
  public static RunFolder open(Path folder, RunDescription description) throws IOException {
    var file = new RunFile(folder, description);
    file.requireSameRun();
    return new RunFolder(folder, file);
  }

  /**
   * The options that differ from those of the last start or resume, such as {@code --lr 1.0E-4 ->
   * 5.0E-5}, and files of data with other bytes. To be asked before the run is resumed.
   */
  public List<String> changes() throws IOException {
    List<String> changes = new ArrayList<>();
    for (Map.Entry<String, List<String>> change : file.changedOptions().entrySet()) {
      List<String> values = change.getValue();
      changes.add(
          String.format(
              Locale.ROOT,
              "%s %s -> %s",
              change.getKey(),
              named(values.get(0)),
              named(values.get(1))));
    }
    for (String data : file.changedData()) {
      changes.add(data);
    }
    return changes;
  }

  private static String named(String value) {
    return value.isEmpty() ? "none" : value;
  }

  @Override
  public void started(TrainingPosition position, RunControl run) throws IOException {
    if (position.step() == 0) {
      file.writeStart();
    } else {
      file.writeResume(position.step());
    }
    begun = true;
    events.started(position, run);
  }

  @Override
  public void stepped(StepReport report) {
    events.stepped(report);
    drawIfDue();
  }

  @Override
  public void noted(TrainingPosition position, Map<String, Double> numbers) {
    events.noted(position, numbers);
    drawIfDue();
  }

  private void drawIfDue() {
    long now = System.nanoTime();
    if (nextPage == 0 || now - nextPage >= 0) {
      draw();
      long took = System.nanoTime() - now;
      nextPage = System.nanoTime() + Math.max(PAUSE, SHARE * took);
    }
  }

  private void draw() {
    try {
      CurvesPage.write(folder);
    } catch (IOException e) {
      if (failed) { // it was said before
        return;
      }
      failed = true;
      LOG.warn(
          "{}: curves expected to be written, got {}; the run goes on without them, log.jsonl has the"
              + " numbers",
          folder.resolve(CurvesPage.NAME),
          e.toString());
    }
  }

  /** Writes the last curves. */
  @Override
  public void close() {
    if (begun) {
      draw();
    }
    events.close();
  }
}
