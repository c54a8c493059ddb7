package io.github.blip2j.cli;

import com.google.gson.JsonParser;
import io.github.blip2j.blip2.checkpoint.Conversion;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** A small model of Hugging Face as LAVIS stores it: in parts. */
final class LavisParts {
  private static final String LANGUAGE = "language_model.";

  private LavisParts() {}

  /** What the second stage trained of it, with its heads told beside the file. */
  static Path trained(Path model, Path folder) throws IOException {
    var config =
        JsonParser.parseString(Files.readString(model.resolve("config.json"))).getAsJsonObject();
    String heads = "num_attention_heads";
    Files.writeString(
        folder.resolve("model.json"),
        String.format(
            Locale.ROOT,
            "{\"vision_heads\": %s, \"bert_heads\": %s}",
            config.getAsJsonObject("vision_config").get(heads),
            config.getAsJsonObject("qformer_config").get(heads)));
    Path trained = folder.resolve("trained.pth");
    Conversion.toLavisTrained(model, trained);
    return trained;
  }

  /** The language model as a folder of its own. */
  static Path language(Path model, Path folder) throws IOException {
    Path language = Files.createDirectories(folder.resolve("language"));
    String config = Files.readString(model.resolve("config.json"));
    Files.writeString(
        language.resolve("config.json"),
        JsonParser.parseString(config).getAsJsonObject().get("text_config").toString());
    Files.copy(model.resolve("tokenizer.json"), language.resolve("tokenizer.json"));
    try (Checkpoint from = Checkpoint.open(model)) {
      Checkpoint own = from.renamed(LavisParts::plain);
      List<TensorSpec> specs = new ArrayList<>();
      for (TensorEntry entry : own.tensors().values()) {
        specs.add(new TensorSpec(entry.name(), entry.dtype(), entry.shape()));
      }
      try (var writer = SafetensorsWriter.create(language.resolve("model.safetensors"), specs)) {
        for (TensorSpec spec : specs) {
          ByteBuffer bytes = ByteBuffer.allocate((int) spec.byteSize());
          own.read(spec.name(), bytes);
          writer.write(spec.name(), bytes.flip());
        }
      }
    }
    return language;
  }

  private static Optional<String> plain(String name) {
    return name.startsWith(LANGUAGE)
        ? Optional.of(name.substring(LANGUAGE.length()))
        : Optional.empty();
  }
}
