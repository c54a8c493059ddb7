package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.files.Descriptions;
import io.github.blip2j.blip2.checkpoint.files.OpenWeights;
import io.github.blip2j.blip2.checkpoint.files.TokenizerCopy;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Folder;
import io.github.blip2j.blip2.checkpoint.hf.FolderSettings;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceWeights;
import io.github.blip2j.blip2.checkpoint.hf.MergedAdapters;
import io.github.blip2j.blip2.checkpoint.hf.ModelFolder;
import io.github.blip2j.blip2.model.Architecture;
import io.github.blip2j.blip2.model.Blip2RetrievalConfig;
import io.github.blip2j.blip2.model.LibraryFormat;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a Hugging Face folder of a BLIP-2, of either stage, or an InstructBLIP with a LoRA adapter
 * merged into its weights, as {@code merge_and_unload} of peft.
 */
public final class LoraMerge {
  private static final int CHUNK = 1 << 22;

  private LoraMerge() {}

  /**
   * Merges an adapter. Changed tensors are float32, the others keep their type.
   *
   * @param model a Hugging Face folder, which stays as it is
   * @param adapter folder of the adapter
   * @param target is created if there is none
   * @throws CheckpointException if the adapter does not fit the model, or was merged into it before
   * @throws IllegalArgumentException if the target is one of the inputs
   */
  public static void merge(Path model, Path adapter, Path target) throws IOException {
    var place = new ConversionTarget(target);
    place.requireNone(model, adapter);
    place.requireReplaceable();
    Description source = description(model);
    Checkpoint stored = ModelFolder.open(model);
    List<String> names = List.copyOf(stored.tensors().keySet());
    List<String> merged = new ArrayList<>(MergedAdapters.in(model));
    merged.add(LoraAdapter.identityOf(adapter));
    try (OpenWeights open = HuggingFaceWeights.of(model, stored, KeyMap.identity(), adapter)) {
      List<TensorSpec> specs = new ArrayList<>();
      for (String name : names) {
        Weights.Stored tensor = stored(open.weights(), name);
        specs.add(new TensorSpec(name, tensor.dtype(), tensor.shape()));
      }
      place.requireKept(specs);
      OutputFile.makeFolder(target);
      try (var descriptions = Descriptions.of(target)) {
        source.write(descriptions.path());
        MergedAdapters.add(descriptions.path(), merged);
        try (var writer = ShardedSafetensorsWriter.create(target, specs)) {
          for (TensorSpec spec : specs) {
            write(open.weights(), spec, writer);
          }
          descriptions.begin(false);
        }
        descriptions.end();
      }
    }
  }

  /** Writes the files that describe a model. */
  @FunctionalInterface
  private interface Description {
    void write(Path target) throws IOException;
  }

  /** The files that describe a model, after a check that it is one of these kinds. */
  private static Description description(Path model) throws IOException {
    ConfigJson config = ModelFolder.config(model);
    if (LibraryFormat.isIn(config) || !Architecture.compares(config)) {
      return Blip2Folder.of(model)::describe;
    }
    Blip2RetrievalConfig.fromJson(config);
    return target -> {
      new FolderSettings(model).copy(target);
      TokenizerCopy.copy(model, target);
      Path rest = model.resolve(RetrievalLoader.LAVIS_ONLY);
      if (Files.exists(rest)) { // no adapter changes it
        Files.copy(rest, target.resolve(RetrievalLoader.LAVIS_ONLY));
      }
    };
  }

  private static Weights.Stored stored(Weights weights, String name) throws IOException {
    Weights.Stored tensor = weights.find(name);
    if (tensor == null) {
      throw new AssertionError(name + ": was there when the names were read");
    }
    return tensor;
  }

  private static void write(Weights from, TensorSpec spec, ShardedSafetensorsWriter to)
      throws IOException {
    long size = spec.byteSize();
    for (long done = 0; done < size; done += CHUNK) {
      ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(CHUNK, size - done));
      from.read(spec.name(), done, bytes);
      to.write(spec.name(), bytes.flip());
    }
  }
}
