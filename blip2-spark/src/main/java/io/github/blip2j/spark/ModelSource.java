package io.github.blip2j.spark;

import static io.github.blip2j.blip2.text.Arguments.required;

import io.github.blip2j.blip2.checkpoint.Inspection;
import io.github.blip2j.blip2.inference.BundledModel;
import io.github.blip2j.io.file.ModelDigest;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkFiles;

/**
 * Where each executor finds the model.
 *
 * @param location a folder or file that is there under this path on the driver and on every
 *     executor, or a name that {@code --files} or {@code --archives} brought; empty for the model
 *     that comes with the library
 * @param precision how matrices are stored and multiplied
 */
public record ModelSource(String location, Precision precision) implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final long BUNDLED_NUMBERS = 7_500_000;

  /** Checks that no value is null. */
  public ModelSource {
    required("spark", "location", location);
    required("spark", "precision", precision);
  }

  /** The model that comes with the library. */
  public static ModelSource bundled() {
    return new ModelSource("", Precision.FLOAT32);
  }

  /** A model in a folder or file, in float32. */
  public static ModelSource at(String location) {
    return new ModelSource(location, Precision.FLOAT32);
  }

  /** The same model in another precision. */
  public ModelSource withPrecision(Precision newPrecision) {
    return new ModelSource(location, newPrecision);
  }

  boolean isBundled() {
    return location.isEmpty();
  }

  /** The files, none for the bundled model. */
  List<Path> files() throws IOException {
    if (isBundled()) {
      return List.of();
    }
    Path path = Path.of(location);
    if (!path.isAbsolute() && !Files.exists(path)) {
      path = Path.of(SparkFiles.get(location));
    }
    if (!Files.exists(path)) {
      throw new IOException(
          "spark: model expected at "
              + location
              + " on driver and executors, got nothing on "
              + Hosts.name()
              + "; put it there, or send it with --archives");
    }
    return List.of(path);
  }

  /** What tells this model's weights and settings from others, wherever they lie. */
  String fingerprint(ModelKind kind) throws IOException {
    List<Path> files = files();
    if (!files.isEmpty()) {
      return ModelDigest.of(files.get(0)).hex();
    }
    return kind == ModelKind.MATCHER ? BundledModel.matcherDigest() : BundledModel.writerDigest();
  }

  /** The bytes that the weights take outside the Java heap. */
  long weightBytes() throws IOException {
    long numbers = 0;
    List<Path> files = files();
    if (files.isEmpty()) {
      numbers = BUNDLED_NUMBERS;
    } else {
      try (Inspection weights = Inspection.open(files.get(0))) {
        for (TensorEntry tensor : weights.checkpoint().tensors().values()) {
          numbers += tensor.shape().size();
        }
      }
    }
    return switch (precision) {
      case FLOAT32 -> 4 * numbers;
      case BFLOAT16 -> 2 * numbers;
      // A tenth stays in bfloat16, as the head of the language model.
      case INT8 -> numbers + numbers / 5;
    };
  }

  @Override
  public String toString() {
    return isBundled() ? "the bundled model" : location;
  }
}
