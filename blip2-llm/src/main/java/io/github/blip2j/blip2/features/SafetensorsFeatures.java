package io.github.blip2j.blip2.features;

import com.google.gson.stream.JsonWriter;
import io.github.blip2j.io.FileKind;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Features in a safetensors file: one tensor for each kind, its rows in the order of the images,
 * whose names are a JSON list in the header's metadata. The header comes first in the file, so the
 * number of images is known before any is written.
 */
final class SafetensorsFeatures implements FeatureFile {
  /** Such files, recognised by the lists of images and texts in their metadata. */
  static final FileKind KIND =
      new FileKind("a safetensors file of features", SafetensorsFeatures::isOne);

  private final Path target;
  private final List<String> images;
  private List<String> texts = List.of();
  private List<float[]> vectors = List.of();
  private @Nullable SafetensorsWriter writer;

  SafetensorsFeatures(Path target, List<String> images) {
    this.target = target;
    this.images = images;
  }

  @Override
  public void texts(List<String> newTexts, List<float[]> newVectors) {
    texts = newTexts;
    vectors = newVectors;
  }

  @Override
  public void images(List<String> names, Map<Feature, Tensor> found) throws IOException {
    SafetensorsWriter open = writer(found);
    for (Map.Entry<Feature, Tensor> each : found.entrySet()) {
      each.getValue().write(bytes -> open.write(each.getKey().tensor(), bytes));
    }
  }

  @Override
  public void finish() throws IOException {
    writer(Map.of());
  }

  @Override
  public void close() throws IOException {
    if (writer != null) {
      writer.close();
    }
  }

  /** The file, begun with the first features, which determine the shapes of all. */
  private SafetensorsWriter writer(Map<Feature, Tensor> found) throws IOException {
    if (writer != null) {
      return writer;
    }
    List<TensorSpec> specs = new ArrayList<>();
    found.forEach(
        (feature, tensor) -> {
          Shape shape = tensor.shape().with(0, images.size());
          specs.add(new TensorSpec(feature.tensor(), DType.FLOAT32, shape));
        });
    if (!vectors.isEmpty()) {
      Shape shape = Shape.of(vectors.size(), vectors.get(0).length);
      specs.add(new TensorSpec(Feature.TEXT.tensor(), DType.FLOAT32, shape));
    }
    Map<String, String> metadata = new TreeMap<>(SafetensorsWriter.PYTORCH_METADATA);
    metadata.put("images", list(images));
    metadata.put("texts", list(texts));
    SafetensorsWriter begun = SafetensorsWriter.create(target, specs, metadata);
    writer = begun;
    for (float[] vector : vectors) {
      var bytes = ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asFloatBuffer().put(vector);
      begun.write(Feature.TEXT.tensor(), bytes);
    }
    return begun;
  }

  private static boolean isOne(Path file) throws IOException {
    try (var there = SafetensorsFile.open(file)) {
      return there.metadata().keySet().containsAll(List.of("images", "texts"));
    } catch (CheckpointException e) {
      return false;
    }
  }

  private static String list(List<String> names) throws IOException {
    var text = new StringWriter();
    try (var json = new JsonWriter(text)) {
      json.beginArray();
      for (String name : names) {
        json.value(name);
      }
      json.endArray();
    }
    return text.toString();
  }
}
