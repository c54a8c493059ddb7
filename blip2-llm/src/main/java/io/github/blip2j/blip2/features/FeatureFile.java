package io.github.blip2j.blip2.features;

import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * The output file of an export: texts first, then images, then {@link #finish}; an unfinished file
 * is deleted.
 */
interface FeatureFile extends AutoCloseable {
  /** Writes all texts. */
  void texts(List<String> texts, List<float[]> vectors) throws IOException;

  /** Writes the next images and their features, each [B, ...]. */
  void images(List<String> names, Map<Feature, Tensor> found) throws IOException;

  /** Completes the file after the last image. */
  void finish() throws IOException;

  /** Moves a finished file into place and removes any other. */
  @Override
  void close() throws IOException;
}
