package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Weights;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open weights of a Hugging Face folder, with the adapter that is merged into them.
 *
 * @param folder of the weights
 */
record StoredWeights(
    Path folder, Checkpoint checkpoint, @Nullable LoraAdapter adapter, Weights weights)
    implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(StoredWeights.class);

  /** Opens a folder, and the adapter that lies there or is named by the options. */
  static StoredWeights open(Path folder, KeyMap keys, LoadOptions options) throws IOException {
    return over(folder, ModelFolder.open(folder), keys, options);
  }

  /** Combines weights that are open already with the adapter; they are closed if this fails. */
  static StoredWeights over(Path folder, Checkpoint open, KeyMap keys, LoadOptions options)
      throws IOException {
    try (var opened = new OpenResources()) {
      opened.add(open::close);
      var plain = new CheckpointWeights(folder.toString(), open, keys);
      @Nullable Path place = adapter(folder, options);
      if (place == null) {
        return opened.keep(new StoredWeights(folder, open, null, plain));
      }
      LoraAdapter adapter = LoraAdapter.open(place);
      opened.add(adapter::close);
      Weights weights = adapter.over(plain, open.tensors());
      LOG.info("{}: the adapter in {} is merged", folder, place);
      return opened.keep(new StoredWeights(folder, open, adapter, weights));
    }
  }

  private static @Nullable Path adapter(Path folder, LoadOptions options)
      throws CheckpointException {
    boolean beside = LoraAdapter.isIn(folder);
    if (beside && options.adapter() != null) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: one adapter expected, got one beside the model and %s; move one away, or merge it",
              folder,
              options.adapter()));
    }
    return beside ? folder : options.adapter();
  }

  @Override
  public void close() throws IOException {
    try (adapter) {
      checkpoint.close();
    }
  }
}
