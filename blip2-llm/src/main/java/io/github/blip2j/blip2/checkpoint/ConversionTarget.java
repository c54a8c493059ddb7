package io.github.blip2j.blip2.checkpoint;

import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.FileKind;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.io.tensor.TensorSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The target of a conversion. Existing weights may be replaced by the same model, but not by a part
 * of it.
 *
 * @param path a folder or a file, which need not exist
 */
record ConversionTarget(Path path) {
  private static final int NAMES_IN_MESSAGE = 4;
  private static final List<String> WRITTEN =
      List.of(
          "config.json",
          "preprocessor_config.json",
          "processor_config.json",
          "generation_config.json",
          "model.safetensors.index.json",
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json");

  /** Endings of the names of files in a model's folder. */
  private static final List<String> READ =
      List.of(".safetensors", ".bin", ".json", ".txt", ".model");

  /** The parts of a Hugging Face model, by their key in {@code config.json}. */
  private static final Map<String, String> PARTS =
      new TreeMap<>(
          Map.of(
              "vision_config", HuggingFaceNames.VISION + "encoder.",
              "qformer_config", HuggingFaceNames.QFORMER,
              "text_config", HuggingFaceNames.LANGUAGE));

  /**
   * Checks that the target is none of the inputs.
   *
   * @param inputs files and folders, or null for those that are not given
   */
  void requireNone(@Nullable Path... inputs) throws IOException {
    for (@Nullable Path input : inputs) {
      if (input != null) {
        FileKind.requireNoneOf(List.of(input), path);
      }
    }
  }

  /**
   * Checks that the target is a folder, if it exists, and that the files in it that would be
   * replaced are of the kinds that are written.
   */
  void requireReplaceable() throws IOException {
    OutputFile.requireFolder(path);
    if (!Files.isDirectory(path)) {
      return;
    }
    for (Path file : files()) {
      String name = String.valueOf(file.getFileName());
      if (name.endsWith(".safetensors")) {
        FileKind.SAFETENSORS.require(file);
      } else if (WRITTEN.contains(name)) {
        FileKind.JSON.require(file);
      }
    }
  }

  /** All files in the folder. */
  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(path)) {
      return files.sorted().toList();
    }
  }

  /** Checks that the target does not replace a file of an input folder. */
  void requireOutside(Path folder) throws IOException {
    requireNone(folder);
    if (Files.isDirectory(folder)) {
      for (Path file : new ConversionTarget(folder).files()) {
        String name = String.valueOf(file.getFileName());
        if (READ.stream().anyMatch(name::endsWith)) {
          requireNone(file);
        }
      }
    }
  }

  /**
   * Checks that all parts that the folder's {@code config.json} describes will be there.
   *
   * @throws CheckpointException if a part will have no tensors, or there is no such file
   */
  void requireWhole(List<TensorSpec> planned) throws IOException {
    Path sizes = path.resolve("config.json");
    if (!Files.exists(sizes)) {
      throw new CheckpointException(
          sizes
              + ": sizes of the language model expected, got none; copy its folder's file there, or"
              + " name the language model's own folder");
    }
    ConfigJson config = ConfigJson.read(sizes);
    List<String> missing = new ArrayList<>();
    PARTS.forEach(
        (key, prefix) -> {
          boolean there = planned.stream().anyMatch(spec -> spec.name().startsWith(prefix));
          if (config.hasChild(key) && !there) {
            missing.add(prefix + "*");
          }
        });
    if (!missing.isEmpty()) {
      throw new CheckpointException(
          String.format(
                  Locale.ROOT,
                  "%s: tensors expected of all parts that config.json describes, got none of %s; name the",
                  path,
                  String.join(", ", missing))
              + " language model's own folder with --language, and the vision encoder with "
              + "--vision");
    }
  }

  /**
   * Checks that all existing weights would be replaced.
   *
   * @throws CheckpointException if tensors would be lost
   */
  void requireKept(List<TensorSpec> planned) throws IOException {
    if (!Checkpoint.isIn(path)) {
      return;
    }
    TreeSet<String> lost;
    try (Checkpoint there = Checkpoint.open(path)) {
      lost = new TreeSet<>(there.tensors().keySet());
    }
    planned.forEach(spec -> lost.remove(spec.name()));
    if (!lost.isEmpty()) {
      String some = String.join(", ", lost.stream().limit(NAMES_IN_MESSAGE).toList());
      throw new CheckpointException(
          String.format(
              Locale.ROOT,
              "%s: weights expected to be replaced whole, got %d tensors that would be lost (%s%s); %s",
              path,
              lost.size(),
              some,
              lost.size() > NAMES_IN_MESSAGE ? ", ..." : "",
              "name a new folder"));
    }
  }
}
