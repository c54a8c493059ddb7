package io.github.blip2j.blip2;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.io.torch.TorchWriter;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Golden folders with models of the first stage, and what is asked of them. */
public final class StageOneFolder {
  /** Stored twice; training moves both, and the golden file names one. */
  private static final Map<String, String> TIED =
      Map.of(
          "Qformer.cls.predictions.decoder.weight",
          "Qformer.bert.embeddings.word_embeddings.weight",
          "Qformer.cls.predictions.decoder.bias",
          "Qformer.cls.predictions.bias");

  private StageOneFolder() {}

  /** Folders of Hugging Face. */
  static List<Path> huggingFace() {
    return Fixtures.folders("image-text retrieval", StageOneFolder::isRetrieval);
  }

  private static boolean isRetrieval(Path folder) {
    Path config = folder.resolve("config.json");
    try {
      return Files.exists(config)
          && Files.exists(folder.resolve("expected.safetensors"))
          && ConfigJson.read(config)
              .stringsAt("architectures")
              .contains("Blip2ForImageTextRetrieval");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The first pictures of a folder, in the order of their numbers. */
  public static List<Image> images(ImageTextMatcher matcher, Path folder, int count)
      throws IOException {
    List<Image> images = new ArrayList<>();
    for (Path file : Fixtures.images(folder).subList(0, count)) {
      images.add(matcher.read(file));
    }
    return images;
  }

  /** A copy of a LAVIS folder whose weights are those after six steps of training. */
  public static Path trained(Path folder, Path copy) throws IOException {
    for (String name : List.of("model.json", "tokenizer.json", "tokenizer_config.json")) {
      Files.copy(folder.resolve(name), copy.resolve(name));
    }
    Map<String, byte[]> bytes = new TreeMap<>();
    List<TensorSpec> specs = new ArrayList<>();
    try (Checkpoint stored = Checkpoint.open(folder.resolve("checkpoint.pth"));
        Golden golden = Golden.open(folder);
        var scope = Scope.open()) {
      for (TensorEntry entry : stored.tensors().values()) {
        ByteBuffer into = ByteBuffer.allocate(Math.toIntExact(entry.byteSize()));
        String later = "after6." + TIED.getOrDefault(entry.name(), entry.name());
        if (golden.has(later)) {
          golden.get(later).write(into::put);
        } else {
          stored.read(entry.name(), into);
        }
        bytes.put(entry.name(), into.array());
        specs.add(new TensorSpec(entry.name(), entry.dtype(), entry.shape()));
      }
    }
    try (var writer = TorchWriter.createUnder("model", copy.resolve("checkpoint.pth"), specs)) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), ByteBuffer.wrap(bytes.get(spec.name())));
      }
    }
    return copy;
  }
}
