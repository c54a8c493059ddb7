package io.github.blip2j.training;

import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.tensor.types.Precision;
import java.io.EOFException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The log of a run, {@code log.jsonl}: one JSON object a line, appended. {@link Trainer} writes it;
 * a loop of one's own may do so too.
 *
 * <p>A resumed run first removes the lines after its checkpoint, so that every update is logged
 * once.
 */
public final class TrainingLog implements AutoCloseable {
  static final String NAME = "log.jsonl";

  /** What a line tells of that is not of an update. */
  enum Event {
    /** A line before the first update of a run, or of its continuation. */
    START("start"),
    /** A line after the last update of an epoch. */
    EPOCH("epoch"),
    /** The last update of a run that ended between two lines; a run that goes on removes it. */
    END("end");

    private final String name;

    Event(String name) {
      this.name = name;
    }
  }

  private static final String EVENT = "event";
  private static final String TIME = "time_s";
  private static final Set<String> OWN =
      Set.of(
          "step",
          "epoch",
          EVENT,
          "lr",
          "loss",
          "grad_norm",
          "samples_per_s",
          TIME,
          "data_s",
          "data_share",
          "memory_mib",
          CheckpointHeader.DTYPE);

  private final OutputStream lines;
  private final Precision precision;
  private final double seconds;

  private TrainingLog(OutputStream lines, Precision precision, double seconds) {
    this.lines = lines;
    this.precision = precision;
    this.seconds = seconds;
  }

  /** Seconds of the run until the last line that was there when the log was opened. */
  double seconds() {
    return seconds;
  }

  /**
   * Opens the log in the settings' folder, which is made if necessary, to continue at a position:
   * without the lines that come after it.
   *
   * @throws IOException if the file holds lines that are no log's, or can't be written
   */
  public static TrainingLog open(TrainingSettings settings, TrainingPosition from)
      throws IOException {
    return open(settings, from, false);
  }

  /**
   * As {@link #open(TrainingSettings, TrainingPosition)}.
   *
   * @param over whether no update follows, so that the line of the end stays
   */
  static TrainingLog open(TrainingSettings settings, TrainingPosition from, boolean over)
      throws IOException {
    OutputFile.makeFolder(settings.output());
    return open(settings.output(), from, settings.precision(), over);
  }

  static TrainingLog open(Path folder, long step, Precision precision) throws IOException {
    return open(folder, new TrainingPosition(step, 0, 0), precision, false);
  }

  /** Opens the log; float32 is not recorded as a precision. */
  private static TrainingLog open(
      Path folder, TrainingPosition from, Precision precision, boolean over) throws IOException {
    Path file = folder.resolve(NAME);
    OutputFile.require(file);
    Kept kept = Files.exists(file) ? keptUpTo(file, from, over) : new Kept(0, 0);
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.truncate(kept.bytes);
    }
    // No channel: an interrupt would close it, and the line of the current update would be lost.
    return new TrainingLog(new FileOutputStream(file.toFile(), true), precision, kept.seconds);
  }

  /**
   * Checks the name of a number that a listener or a loop adds.
   *
   * @throws IllegalArgumentException if it is blank, or a name that lines have already
   */
  static void requireFree(String name) {
    if (name.isBlank() || OWN.contains(name) || name.startsWith("loss_")) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "log: name of a number expected, not blank and none of the log's own, got '%s';"
                  + " choose another, such as val_loss",
              name));
    }
  }

  /** Appends the line of an update. */
  public void write(StepReport report) throws IOException {
    write(report, null);
  }

  /** Appends the line of a run's last update, for which no line was due. */
  void writeEnd(StepReport report) throws IOException {
    write(report, Event.END);
  }

  private void write(StepReport report, @Nullable Event event) throws IOException {
    write(
        report.position(),
        event,
        json -> {
          json.name("lr").value(report.lr());
          numbers(json, report.losses());
          json.name("grad_norm").value(report.gradientNorm());
          json.name("samples_per_s").value(report.samplesPerSecond());
          write(json, report.usage());
          if (precision != Precision.FLOAT32) {
            json.name(CheckpointHeader.DTYPE).value(precision.toString());
          }
          numbers(json, report.numbers());
        });
  }

  private static void write(JsonWriter json, StepReport.@Nullable Usage usage) throws IOException {
    if (usage == null) {
      return;
    }
    json.name(TIME).value(rounded(usage.seconds()));
    json.name("data_s").value(rounded(usage.dataSeconds()));
    json.name("data_share").value(rounded(usage.dataShare()));
    @Nullable Double memory = usage.memoryMebibytes();
    if (memory != null) {
      json.name("memory_mib").value(Math.round(memory));
    }
  }

  private static double rounded(double value) {
    return Math.round(1e4 * value) / 1e4;
  }

  /**
   * Appends the line of an update with an outcome and more numbers; those that are not finite are
   * {@code null}.
   *
   * @throws IllegalArgumentException if a name is blank or one of the log's own
   */
  public void write(TrainStep.Outcome outcome, Map<String, Double> numbers) throws IOException {
    numbers.keySet().forEach(TrainingLog::requireFree);
    write(
        outcome.position(),
        null,
        json -> {
          json.name("lr").value(outcome.lr());
          numbers(json, outcome.losses());
          json.name("grad_norm").value(outcome.gradientNorm());
          numbers(json, numbers);
        });
  }

  /** Appends a line with nothing but numbers, unless there are none. */
  void write(TrainingPosition at, Event event, Map<String, Double> numbers) throws IOException {
    if (!numbers.isEmpty()) {
      write(at, event, json -> numbers(json, numbers));
    }
  }

  /** Writes names and values into an open object. */
  @FunctionalInterface
  private interface Members {
    void write(JsonWriter json) throws IOException;
  }

  private void write(TrainingPosition at, @Nullable Event event, Members members)
      throws IOException {
    var text = new StringWriter();
    try (var json = new JsonWriter(text)) {
      json.beginObject();
      json.name("step").value(at.step());
      json.name("epoch").value(at.epoch());
      if (event != null) {
        json.name(EVENT).value(event.name);
      }
      members.write(json);
      json.endObject();
    }
    lines.write(text.append('\n').toString().getBytes(StandardCharsets.UTF_8));
  }

  private static void numbers(JsonWriter json, Map<String, Double> numbers) throws IOException {
    for (Map.Entry<String, Double> number : numbers.entrySet()) {
      json.name(number.getKey());
      if (Double.isFinite(number.getValue())) {
        json.value(number.getValue());
      } else {
        json.nullValue(); // JSON has no other word for it
      }
    }
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }

  /**
   * The lines that stay when a log is opened.
   *
   * @param seconds of the run until the last of them
   */
  private record Kept(long bytes, double seconds) {}

  /** The complete lines up to a position; a killed run leaves a partial line. */
  private static Kept keptUpTo(Path file, TrainingPosition end, boolean over) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int begin = 0;
    double seconds = 0;
    for (int i = 0, line = 1; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        String text = new String(bytes, begin, i - begin, StandardCharsets.UTF_8);
        if (!Line.of(text, line++).isBefore(end, over)) {
          break;
        }
        seconds = secondsIn(text, seconds);
        begin = i + 1;
      }
    }
    return new Kept(begin, seconds);
  }

  /** The time that a line tells, or else {@code before}. */
  private static double secondsIn(String line, double before) {
    try {
      @Nullable JsonElement time = JsonParser.parseString(line).getAsJsonObject().get(TIME);
      return time == null ? before : time.getAsDouble();
    } catch (JsonParseException | IllegalStateException | NumberFormatException e) {
      return before; // of a line that another program wrote
    }
  }

  /** The position of a line. */
  private record Line(long step, long epoch, String event) {
    static Line of(String line, int number) throws IOException {
      try (var json = new JsonReader(new StringReader(line))) {
        json.beginObject();
        if (nextIs(json, "step", JsonToken.NUMBER)) {
          long step = json.nextLong();
          long epoch = nextIs(json, "epoch", JsonToken.NUMBER) ? json.nextLong() : 0;
          String event = nextIs(json, EVENT, JsonToken.STRING) ? json.nextString() : "";
          return new Line(step, epoch, event);
        }
        throw wrong(line, number, null);
      } catch (MalformedJsonException
          | EOFException
          | IllegalStateException
          | NumberFormatException e) {
        throw wrong(line, number, e);
      }
    }

    private static IOException wrong(String line, int number, @Nullable Exception cause) {
      return new IOException(
          String.format(
              Locale.ROOT,
              "%s: line %d expected to begin with {\"step\": and a number, got %s; move the file"
                  + " away",
              NAME,
              number,
              line.length() <= 60 ? line : line.substring(0, 60) + "..."),
          cause);
    }

    private static boolean nextIs(JsonReader json, String name, JsonToken kind) throws IOException {
      return json.hasNext() && json.nextName().equals(name) && json.peek() == kind;
    }

    /** Whether a run that continues at a position comes after this line, and not to it again. */
    boolean isBefore(TrainingPosition end, boolean over) {
      if (step != end.step() || event.isEmpty()) {
        return step <= end.step();
      }
      if (event.equals(Event.END.name)) {
        return over;
      }
      return event.equals(Event.EPOCH.name) && epoch < end.epoch();
    }
  }
}
