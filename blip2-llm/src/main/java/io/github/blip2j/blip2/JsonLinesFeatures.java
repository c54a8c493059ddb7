package io.github.blip2j.blip2;

import com.google.gson.stream.JsonWriter;
import io.github.blip2j.io.UnwrittenFileException;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Features as JSON lines: an object for each text and each image, with its name and its features as
 * nested lists. The lines go to a temporary file beside the target until all are there.
 */
final class JsonLinesFeatures implements FeatureFile {
  private final Path target;
  private final Path temporary;
  private final Writer lines;
  private boolean finished;

  private JsonLinesFeatures(Path target, Path temporary) throws IOException {
    this(target, temporary, Files.newBufferedWriter(temporary));
  }

  JsonLinesFeatures(Path target, Path temporary, Writer lines) {
    this.target = target;
    this.temporary = temporary;
    this.lines = lines;
  }

  /** Begins a file. */
  static JsonLinesFeatures create(Path target) throws IOException {
    String name = "." + target.getFileName() + "." + UUID.randomUUID() + ".tmp";
    return new JsonLinesFeatures(target, target.resolveSibling(name));
  }

  @Override
  public void texts(List<String> texts, List<float[]> vectors) throws IOException {
    for (int i = 0; i < texts.size(); i++) {
      var line = new StringWriter();
      var json = new JsonWriter(line);
      json.beginObject().name("text").value(texts.get(i)).name(Feature.TEXT.tensor());
      value(json, vectors.get(i), 0, vectors.get(i).length);
      json.endObject();
      write(line);
    }
  }

  @Override
  public void images(List<String> names, Map<Feature, Tensor> found) throws IOException {
    for (int row = 0; row < names.size(); row++) {
      var line = new StringWriter();
      var json = new JsonWriter(line);
      json.beginObject().name("image").value(names.get(row));
      for (Map.Entry<Feature, Tensor> each : found.entrySet()) {
        json.name(each.getKey().tensor());
        value(json, each.getValue().select(0, row));
      }
      json.endObject();
      write(line);
    }
  }

  @Override
  public void finish() {
    finished = true;
  }

  private void write(StringWriter line) throws IOException {
    try {
      lines.append(line.getBuffer()).append('\n');
    } catch (IOException e) {
      throw new UnwrittenFileException(target, e);
    }
  }

  private void end() throws IOException {
    try {
      lines.close();
    } catch (IOException e) {
      throw new UnwrittenFileException(target, e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      end();
      if (finished) {
        Files.move(
            temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      }
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** A vector [P], or a list of them [Q, P]. */
  private static void value(JsonWriter json, Tensor tensor) throws IOException {
    float[] values = tensor.toFloats();
    int width = Math.toIntExact(tensor.dim(-1));
    if (tensor.rank() == 1) {
      value(json, values, 0, width);
      return;
    }
    json.beginArray();
    for (int from = 0; from < values.length; from += width) {
      value(json, values, from, width);
    }
    json.endArray();
  }

  private static void value(JsonWriter json, float[] values, int from, int count)
      throws IOException {
    json.beginArray();
    for (int i = from; i < from + count; i++) {
      json.value((Number) values[i]);
    }
    json.endArray();
  }
}
