package io.github.blip2j.blip2;

import com.google.gson.stream.JsonWriter;
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

  JsonLinesFeatures(Path target) throws IOException {
    this.target = target;
    this.temporary =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".tmp");
    this.lines = Files.newBufferedWriter(temporary);
  }

  @Override
  public void texts(List<String> texts, List<float[]> vectors) throws IOException {
    for (int i = 0; i < texts.size(); i++) {
      var line = new StringWriter();
      var json = new JsonWriter(line);
      json.beginObject().name("text").value(texts.get(i)).name(Feature.TEXT.tensor());
      value(json, vectors.get(i), 0, vectors.get(i).length);
      json.endObject();
      lines.append(line.getBuffer()).append('\n');
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
      lines.append(line.getBuffer()).append('\n');
    }
  }

  @Override
  public void finish() {
    finished = true;
  }

  @Override
  public void close() throws IOException {
    try {
      lines.close();
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
