package io.github.blip2j.blip2.features;

import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Where an export goes: texts first, then images, then {@link #finish}; unfinished, it vanishes.
 */
interface FeatureFile extends AutoCloseable {
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
