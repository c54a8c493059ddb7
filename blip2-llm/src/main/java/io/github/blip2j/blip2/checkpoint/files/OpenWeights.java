package io.github.blip2j.blip2.checkpoint.files;

import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.nn.Weights;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * Weights under the names of a model's parameters, and the open files they are read from.
 *
 * @param weights valid until this is closed
 * @param files closed with this
 * @param mergedAdapters identities of the adapters that the weights contain, as far as they are
 *     told, for what is written from them
 */
public record OpenWeights(Weights weights, List<Closeable> files, List<String> mergedAdapters)
    implements Closeable {
  public OpenWeights {
    files = List.copyOf(files);
    mergedAdapters = List.copyOf(mergedAdapters);
  }

  /** Weights without adapters. */
  public OpenWeights(Weights weights, List<Closeable> files) {
    this(weights, files, List.of());
  }

  @Override
  public void close() throws IOException {
    OpenResources.closeAll(files);
  }
}
