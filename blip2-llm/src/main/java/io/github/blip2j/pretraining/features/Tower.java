package io.github.blip2j.pretraining.features;

import io.github.blip2j.backend.Backend;
import io.github.blip2j.blip2.checkpoint.lavis.VisionEncoderSource;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.VisionEncoder;
import io.github.blip2j.vision.VisionFamilies;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A frozen vision encoder, and how images become its input.
 *
 * @param encoder in float32
 * @param processor of whole images
 */
public record Tower(VisionEncoder encoder, ImageProcessor processor) {
  /**
   * Loads the vision encoder of a model, or one by itself, in float32.
   *
   * @param path a folder, or a file of LAVIS, as {@link io.github.blip2j.pretraining.StageOneParts}
   *     takes it
   * @param imageSize side of the images, or null for the model's
   * @param home the scope of the parameters
   * @throws io.github.blip2j.io.file.CheckpointException if there is no vision encoder
   */
  public static Tower load(Path path, @Nullable Integer imageSize, Scope home) throws IOException {
    try (var source = VisionEncoderSource.open(path, VisionFamilies.installed())) {
      VisionConfig stored = source.config();
      VisionConfig config = imageSize == null ? stored : stored.withImageSize(imageSize);
      Params params = Params.root(source.weights(config), home);
      VisionEncoder encoder = config.build(params.at(VisionEncoderSource.PATH));
      params.finish();
      return new Tower(encoder, source.processor(config));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  /** The backend of the encoder. */
  Backend backend() {
    return encoder.parameters().firstEntry().getValue().value().backend();
  }

  /** A sum of the names, shapes and values of the encoder's parameters. */
  String sum() throws IOException {
    var sum = new CRC32C();
    for (Map.Entry<String, Parameter> each : encoder.parameters().entrySet()) {
      var value = each.getValue().value().detach();
      sum.update((each.getKey() + value.shape()).getBytes(StandardCharsets.UTF_8));
      try (Scope scope = Scope.open(value.backend())) {
        value.write(sum::update);
      }
    }
    return Long.toHexString(sum.getValue());
  }

  /** What the encoder makes of images, for messages and comparison. */
  PatchHeader.Source source() throws IOException {
    return new PatchHeader.Source(
        sum(), processor.size().height(), processor.config().toJson().toString());
  }
}
