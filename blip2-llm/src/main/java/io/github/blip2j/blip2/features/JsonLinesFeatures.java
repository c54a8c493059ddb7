package io.github.blip2j.blip2.features;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.JsonWriter;
import com.google.gson.stream.MalformedJsonException;
import io.github.blip2j.io.FileKind;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.file.UnwrittenFileException;
import io.github.blip2j.tensor.Tensor;
import java.io.BufferedWriter;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Features as JSON lines: an object for each text and each image, with its name and its features as
 * nested lists. The file appears when it is complete.
 */
final class JsonLinesFeatures implements FeatureFile {
  /** Such files, recognised by their first object. */
  static final FileKind KIND = new FileKind("JSON lines of features", JsonLinesFeatures::isOne);

  private final Path target;
  private final OutputFile file;
  private final Writer lines;
  private boolean finished;

  private JsonLinesFeatures(Path target, OutputFile file) {
    this(target, file, new BufferedWriter(Channels.newWriter(file.channel(), UTF_8)));
  }

  JsonLinesFeatures(Path target, OutputFile file, Writer lines) {
    this.target = target;
    this.file = file;
    this.lines = lines;
  }

  /** Creates a file. */
  static JsonLinesFeatures create(Path target) throws IOException {
    KIND.require(target);
    return new JsonLinesFeatures(target, OutputFile.create(target));
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
      lines.flush();
    } catch (IOException e) {
      throw new UnwrittenFileException(target, e);
    }
  }

  @Override
  public void close() throws IOException {
    try (file) {
      end();
      if (finished) {
        file.publish();
      }
    }
  }

  private static boolean isOne(Path file) throws IOException {
    // Latin-1 decodes any bytes, and the keys are ASCII.
    try (var json = new JsonReader(Files.newBufferedReader(file, ISO_8859_1))) {
      json.beginObject();
      String about = json.nextName();
      if (!about.equals("image") && !about.equals("text")) {
        return false;
      }
      json.skipValue(); // the name
      String feature = json.nextName();
      return Arrays.stream(Feature.values()).anyMatch(each -> each.tensor().equals(feature))
          && json.peek() == JsonToken.BEGIN_ARRAY;
    } catch (MalformedJsonException | IllegalStateException | EOFException e) {
      return false;
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
