package io.github.blip2j.training;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.tensor.types.Precision;
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

/**
 * The log of a run: one JSON object a line, appended.
 *
 * <p>A resumed run first removes the lines after its checkpoint, so that every update is logged
 * once.
 */
final class TrainingLog implements AutoCloseable {
  static final String NAME = "log.jsonl";

  private final OutputStream lines;
  private final Precision precision;

  private TrainingLog(OutputStream lines, Precision precision) {
    this.lines = lines;
    this.precision = precision;
  }

  /**
   * Opens the log in a folder, without lines after {@code step}; float32 is not recorded as a
   * precision.
   */
  static TrainingLog open(Path folder, long step, Precision precision) throws IOException {
    Path file = folder.resolve(NAME);
    OutputFile.require(file);
    long kept = Files.exists(file) ? lengthUpTo(file, step) : 0;
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      channel.truncate(kept);
    }
    // No channel: an interrupt would close it, and the line of the current update would be lost.
    return new TrainingLog(new FileOutputStream(file.toFile(), true), precision);
  }

  /** Appends a line. */
  void write(StepReport report) throws IOException {
    var text = new StringWriter();
    try (var json = new JsonWriter(text)) {
      json.beginObject();
      json.name("step").value(report.position().step());
      json.name("epoch").value(report.position().epoch());
      json.name("lr").value(report.lr());
      for (Map.Entry<String, Double> loss : report.losses().entrySet()) {
        json.name(loss.getKey()).value(loss.getValue());
      }
      json.name("grad_norm").value(report.gradientNorm());
      json.name("samples_per_s").value(report.samplesPerSecond());
      if (precision != Precision.FLOAT32) {
        json.name("dtype").value(precision.toString());
      }
      json.endObject();
    }
    lines.write(text.append('\n').toString().getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }

  /**
   * Bytes of the complete lines whose step is at most {@code step}; a killed run leaves a partial
   * line.
   */
  private static long lengthUpTo(Path file, long step) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int begin = 0;
    for (int i = 0, line = 1; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        String text = new String(bytes, begin, i - begin, StandardCharsets.UTF_8);
        if (stepOf(text, line++) > step) {
          return begin;
        }
        begin = i + 1;
      }
    }
    return begin;
  }

  private static long stepOf(String line, int number) throws IOException {
    if (line.startsWith("{\"step\":")) {
      var json = new JsonReader(new StringReader(line));
      json.beginObject();
      if (json.nextName().equals("step") && json.peek() == JsonToken.NUMBER) {
        return json.nextLong();
      }
    }
    throw new IOException(
        String.format(
            Locale.ROOT,
            "%s: line %d expected to begin with {\"step\": and a number, got %s; move the file away",
            NAME,
            number,
            line.length() <= 60 ? line : line.substring(0, 60) + "..."));
  }
}
