package io.github.blip2j.blip2.checkpoint.files;

import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.nn.Weights;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;

/**
 * Weights by our names, and the files they are read from.
 *
 * @param weights valid until this is closed
 * @param files what is closed then
 */
public record OpenWeights(Weights weights, List<Checkpoint> files) implements Closeable {
  public OpenWeights {
    files = List.copyOf(files);
  }

  @Override
  public void close() throws IOException {
    OpenResources.closeAll(files.stream().map(file -> (Closeable) file::close).toList());
  }
}
