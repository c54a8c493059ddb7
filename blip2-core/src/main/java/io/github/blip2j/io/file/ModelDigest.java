package io.github.blip2j.io.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What tells a model from others, wherever it lies and whenever it was written: samples of its
 * weights, and the files that say how they are used.
 *
 * @param hex 64 hexadecimal digits
 * @param bytes size of the files of weights
 */
public record ModelDigest(String hex, long bytes) {
  private static final String WEIGHTS = ".*\\.(safetensors|bin|pth|pt)";

  /** Files of a model's folder that say how its weights are used; all others do not matter. */
  private static final String DESCRIPTIONS =
      "config\\.json|model\\.json|adapter_config\\.json|preprocessor_config\\.json"
          + "|tokenizer.*\\.json|vocab\\..*|merges\\.txt|.*\\.model";

  /** Of the weights and descriptions in a folder, or of a file of weights. */
  public static ModelDigest of(Path model) throws IOException {
    var digest = new SampledDigest();
    if (!Files.isDirectory(model)) {
      digest.addSamples(model, SampledDigest.OF_WEIGHTS);
      Path beside = model.resolveSibling("model.json");
      if (Files.isRegularFile(beside)) {
        digest.addWhole(beside);
      }
      return new ModelDigest(digest.hex(), Files.size(model));
    }
    long bytes = 0;
    for (Path file : files(model)) {
      String name = String.valueOf(file.getFileName());
      boolean weights = name.matches(WEIGHTS);
      if (weights || name.matches(DESCRIPTIONS)) {
        digest.addText(name);
        if (weights) {
          digest.addSamples(file, SampledDigest.OF_WEIGHTS);
          bytes += Files.size(file);
        } else {
          digest.addWhole(file);
        }
      }
    }
    return new ModelDigest(digest.hex(), bytes);
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    }
  }
}
