package io.github.blip2j.cli.training;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.cli.console.Console;
import io.github.blip2j.cli.text.JsonReport;
import io.github.blip2j.pretraining.CaptionBatches;
import io.github.blip2j.pretraining.CaptionSet;
import io.github.blip2j.training.StepReport;
import io.github.blip2j.training.TrainingPosition;
import io.github.blip2j.training.validation.Validation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The outcome of a run of a stage. */
final class TrainingReport {
  private final Console console;
  private final long start = System.nanoTime();
  private final List<Path> exported = new ArrayList<>();
  private long loadedAt = start;
  private long trainedAt = start;
  private TrainingPosition end = TrainingPosition.START;
  private @Nullable StepReport last;
  private @Nullable Path checkpoint;
  private @Nullable Validation validation;
  private boolean stopped;
  private int pairs;
  private int missing;

  TrainingReport(Console console) {
    this.console = console;
  }

  void loaded(CaptionSet set) {
    loadedAt = System.nanoTime();
    pairs = set.size();
    missing = set.missing();
    if (missing > 0) {
      console.complain(
          String.format(
              Locale.ROOT,
              "images expected for %d records, got none for %d, which are left out",
              pairs + missing,
              missing));
    }
  }

  void trained(TrainingPosition position, TrainingProgress progress, boolean interrupted) {
    trainedAt = System.nanoTime();
    end = position;
    last = progress.last();
    checkpoint = progress.checkpoint();
    stopped = interrupted;
  }

  /** Remembers the best validation, if there was one. */
  void validated(@Nullable Validation newValidation) {
    validation = newValidation;
  }

  void exported(Path folder) {
    exported.add(folder);
  }

  void print(Path out, CaptionBatches batches, boolean json) {
    if (!batches.damaged().isEmpty()) {
      List<String> names = batches.damaged();
      console.complain(
          String.format(
              Locale.ROOT,
              "readable images expected, got %d damaged ones (%s%s); others were used instead",
              names.size(),
              String.join(", ", names.subList(0, Math.min(3, names.size()))),
              names.size() > 3 ? ", ..." : ""));
    }
    if (validation != null && validation.isExhausted()) {
      console.note(
          String.format(
              Locale.ROOT,
              "ended by --patience: nothing better since step %d",
              validation.bestStep()));
    }
    if (json) {
      JsonReport.print(console, document(out, batches));
    } else {
      String how = stopped ? "stopped" : "done";
      console
          .out()
          .println(
              String.format(
                  Locale.ROOT,
                  "%s after step %d, epoch %d: %s",
                  how,
                  end.step(),
                  end.epoch(),
                  out));
      exported.forEach(folder -> console.out().println("wrote " + folder));
    }
    console.out().flush(); // a process that was told to end doesn't wait for the command's end
  }

  private JsonObject document(Path out, CaptionBatches batches) {
    var document = new JsonObject();
    document.addProperty("out", out.toString());
    document.addProperty("steps", end.step());
    document.addProperty("epoch", end.epoch());
    document.addProperty("stopped", stopped);
    document.add("best", best());
    document.addProperty("pairs", pairs);
    document.addProperty("missing_images", missing);
    document.addProperty("damaged_images", batches.damaged().size());
    var losses = new JsonObject();
    if (last != null) {
      last.losses().forEach(losses::addProperty);
    }
    document.add("losses", losses);
    document.addProperty("lr", last == null ? null : last.lr());
    document.addProperty("checkpoint", checkpoint == null ? null : checkpoint.toString());
    var folders = new JsonArray();
    exported.forEach(folder -> folders.add(folder.toString()));
    document.add("exports", folders);
    var timing = new JsonObject();
    timing.addProperty("load", (loadedAt - start) / 1_000_000);
    timing.addProperty("train", (trainedAt - loadedAt) / 1_000_000);
    timing.addProperty("total", (System.nanoTime() - start) / 1_000_000);
    document.add("timing_ms", timing);
    return document;
  }

  private @Nullable JsonObject best() {
    if (validation == null || Double.isNaN(validation.best())) {
      return null;
    }
    var best = new JsonObject();
    best.addProperty("value", validation.best());
    best.addProperty("step", validation.bestStep());
    best.addProperty("ended_run", validation.isExhausted());
    return best;
  }
}
