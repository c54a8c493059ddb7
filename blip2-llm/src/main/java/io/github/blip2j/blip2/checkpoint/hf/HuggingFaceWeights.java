package io.github.blip2j.blip2.checkpoint.hf;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The weights of a Hugging Face folder, with a LoRA adapter merged into them if there is one. */
public final class HuggingFaceWeights {
  private static final Logger LOG = LoggerFactory.getLogger(HuggingFaceWeights.class);

  private HuggingFaceWeights() {}

  /**
   * Combines a folder's open weights with its adapter.
   *
   * @param checkpoint is closed with the result, or if this fails
   * @param adapter folder of the adapter, or null for the one beside the weights, if there is any
   * @throws CheckpointException if the adapter does not fit, or is in the weights already
   */
  public static OpenWeights of(
      Path folder, Checkpoint checkpoint, KeyMap keys, @Nullable Path adapter) throws IOException {
    try (var opened = new OpenResources()) {
      opened.add(checkpoint::close);
      var plain = new CheckpointWeights(folder.toString(), checkpoint, keys);
      @Nullable Path place = place(folder, adapter);
      if (place == null) {
        return opened.keep(
            new OpenWeights(plain, List.of(checkpoint::close), MergedAdapters.in(folder)));
      }
      LoraAdapter open = LoraAdapter.open(place);
      opened.add(open::close);
      MergedAdapters.requireNew(folder, open, place);
      Weights weights = open.over(plain, checkpoint.tensors());
      LOG.info("{}: the adapter in {} is merged", folder, place);
      List<String> merged = new ArrayList<>(MergedAdapters.in(folder));
      merged.add(open.identity());
      return opened.keep(new OpenWeights(weights, List.of(checkpoint::close, open::close), merged));
    }
  }

  private static @Nullable Path place(Path folder, @Nullable Path adapter) throws IOException {
    boolean beside = LoraAdapter.isIn(folder);
    if (beside && adapter != null && !isSame(folder, adapter)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: one adapter expected, got one beside the model and %s; move one away, or merge it",
              folder,
              adapter));
    }
    return beside ? folder : adapter;
  }

  private static boolean isSame(Path folder, Path adapter) throws IOException {
    return Files.exists(adapter) && Files.isSameFile(folder, adapter);
  }
}
