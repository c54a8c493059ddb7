package io.github.blip2j.blip2.checkpoint.hf;

import io.github.blip2j.adapter.LoraAdapter;
import io.github.blip2j.blip2.checkpoint.files.Quantization;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.WrapperNames;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.GitLfs;
import io.github.blip2j.io.file.OpenResources;
import io.github.blip2j.vision.VisionConfig;
import io.github.blip2j.vision.image.ImageProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The configuration, weights and image processor in a BLIP-2's folder, or its weights in a file of
 * LAVIS, without the names that wrappers of training add.
 */
public final class ModelFolder {
  /** The settings beside {@code config.json} in a folder of Hugging Face. */
  private static final List<String> SETTINGS =
      List.of(
          "generation_config.json",
          "preprocessor_config.json",
          "processor_config.json",
          "chat_template.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json");

  private ModelFolder() {}

  /**
   * Reads the {@code config.json} of a folder.
   *
   * @throws CheckpointException if there is none, such as in the folder of an adapter alone, or a
   *     file of settings is a pointer of Git LFS
   */
  public static ConfigJson config(Path folder) throws IOException {
    Path file = folder.resolve("config.json");
    if (!Files.exists(file) && LoraAdapter.isIn(folder)) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: model expected, got a LoRA adapter without its base, %s; name the base as the model"
                  + " and this as its adapter (--adapter, LoadOptions.withAdapter)",
              folder,
              LoraAdapter.baseOf(folder).orElse("which it doesn't tell")));
    }
    ConfigJson json = ConfigJson.read(file);
    requireSettings(folder);
    Quantization.requireNone(json);
    return json;
  }

  /** As {@link #config}, for one folder of several: messages have its whole path. */
  public static ConfigJson configOfPart(Path folder) throws IOException {
    return config(folder).named(folder.resolve("config.json").toString());
  }

  /** Refuses pointers of Git LFS among settings that are copied, or used only in Python. */
  private static void requireSettings(Path folder) throws IOException {
    for (String name : SETTINGS) {
      Path file = folder.resolve(name);
      if (Files.isRegularFile(file)) {
        GitLfs.requireNone(file, "JSON");
      }
    }
  }

  /**
   * Opens the weights in a folder, or in a file of LAVIS, without prefixes of wrappers.
   *
   * @throws CheckpointException if there are none, they are quantised, or an adapter is among them
   */
  public static Checkpoint open(Path path) throws IOException {
    Checkpoint stored = Checkpoint.open(path);
    try (var opened = new OpenResources()) {
      opened.add(stored::close);
      Checkpoint unwrapped = headed(WrapperNames.removed(stored, HuggingFaceNames.QUERIES));
      Quantization.requireNone(path, unwrapped);
      requireNoAdapter(path, unwrapped);
      return opened.keep(unwrapped);
    }
  }

  private static Checkpoint headed(Checkpoint checkpoint) throws CheckpointException {
    return HuggingFaceNames.hasHeadlessOpt(checkpoint.tensors())
        ? checkpoint.renamed(name -> Optional.of(HuggingFaceNames.withHead(name)))
        : checkpoint;
  }

  private static void requireNoAdapter(Path path, Checkpoint checkpoint)
      throws CheckpointException {
    for (String name : checkpoint.tensors().keySet()) {
      if (name.contains(".lora_A.") || name.contains(".lora_B.")) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: weights expected to be a model's, got an adapter's among them (%s); save the"
                    + " adapter by save_pretrained, or merge it first (merge_and_unload)",
                path,
                name));
      }
    }
  }

  /** The image processor that the folder describes, or else that of the vision encoder's family. */
  public static ImageProcessor processor(Path folder, VisionConfig vision) throws IOException {
    return ImageProcessor.isToldIn(folder)
        ? ImageProcessor.load(folder)
        : new ImageProcessor(vision.processor());
  }
}
