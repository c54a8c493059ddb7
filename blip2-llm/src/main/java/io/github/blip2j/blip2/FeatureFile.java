package io.github.blip2j.blip2;

import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where an export goes: texts first, then images, then {@link #finish}; unfinished, it vanishes.
 */
interface FeatureFile extends AutoCloseable {
  /** Checks that a file can be there, before the features are computed. */
  static void requireTarget(Path target) throws IOException {
    @Nullable Path folder = target.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new IOException(target + ": folder expected to exist; create it first");
    }
    if (Files.isDirectory(target)) {
      throw new IOException(target + ": file expected, got a folder; name a file in it");
    }
  }

  /** Takes all texts. */
  void texts(List<String> texts, List<float[]> vectors) throws IOException;

  /** Takes the next images and their features, each [B, ...]. */
  void images(List<String> names, Map<Feature, Tensor> found) throws IOException;

  /** All has been taken. */
  void finish() throws IOException;

  /** Moves a finished file into place and removes any other. */
  @Override
  void close() throws IOException;
}
