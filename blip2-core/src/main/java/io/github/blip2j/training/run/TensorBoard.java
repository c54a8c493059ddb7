package io.github.blip2j.training.run;

import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.training.RunControl;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingPosition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the lines of the log for TensorBoard too ({@code tensorboard --logdir FOLDER}): {@code
 * train/loss}, {@code train/lr}, {@code val/loss}, ....
 *
 * <p>Events after the checkpoint of a resumed run are void, and are not shown. A folder that takes
 * no more, for example on a full disk, ends no run: it is said once, and the events are left out
 * from then on. The log has all the numbers.
 */
public final class TensorBoard implements TrainingListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TensorBoard.class);
  private static final String VALIDATION = "val_";

  private final Path folder;
  private @Nullable EventFile events;
  private boolean failed;

  /** Events of a run in a folder, which is made when it starts. */
  public TensorBoard(Path folder) {
    this.folder = folder;
  }

  /** Writes events. */
  @FunctionalInterface
  private interface Writing {
    void to(EventFile file, double seconds) throws IOException;
  }

  @Override
  public void started(TrainingPosition position, RunControl run) {
    long first = position.step() == 0 ? 0 : position.step() + 1;
    write((file, seconds) -> file.writeStart(seconds, first));
  }

  @Override
  public void stepped(StepReport report) {
    Map<String, Double> scalars = new LinkedHashMap<>();
    report.losses().forEach((name, value) -> scalars.put("train/" + name, value));
    scalars.put("train/lr", report.lr());
    scalars.put("train/grad_norm", report.gradientNorm());
    scalars.put("run/samples_per_s", report.samplesPerSecond());
    StepReport.@Nullable Usage usage = report.usage();
    if (usage != null) {
      scalars.put("run/data_share", usage.dataShare());
      if (usage.memoryMebibytes() != null) {
        scalars.put("run/memory_mib", usage.memoryMebibytes());
      }
    }
    report.numbers().forEach((name, value) -> scalars.put(tag(name), value));
    write((file, seconds) -> file.writeScalars(seconds, report.position().step(), scalars));
  }

  @Override
  public void noted(TrainingPosition position, Map<String, Double> numbers) {
    Map<String, Double> scalars = new LinkedHashMap<>();
    numbers.forEach((name, value) -> scalars.put(tag(name), value));
    write((file, seconds) -> file.writeScalars(seconds, position.step(), scalars));
  }

  private static String tag(String name) {
    return name.startsWith(VALIDATION)
        ? "val/" + name.substring(VALIDATION.length())
        : "run/" + name;
  }

  private void write(Writing writing) {
    if (failed) {
      return;
    }
    double seconds = System.currentTimeMillis() / 1e3;
    try {
      EventFile file = events;
      if (file == null) {
        OutputFile.makeFolder(folder);
        file = EventFile.create(folder, seconds);
        events = file;
      }
      writing.to(file, seconds);
    } catch (IOException e) {
      failed = true;
      LOG.warn(
          "{}: events for TensorBoard expected to be written, got {}; the run goes on without them,"
              + " log.jsonl has the numbers",
          folder,
          e.toString());
    }
  }

  /** Closes the file. */
  @Override
  public void close() {
    try (EventFile closing = events) {
      events = null;
    } catch (IOException e) {
      LOG.warn("{}: events for TensorBoard expected to be closed, got {}", folder, e.toString());
    }
  }
}
