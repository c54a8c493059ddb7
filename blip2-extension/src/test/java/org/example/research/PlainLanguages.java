package org.example.research;

import io.github.blip2j.blip2.model.LanguageFamilies;
import io.github.blip2j.io.ShardedSafetensorsWriter;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.llm.LanguageConfig;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Random language models in folders as transformers would save them. */
final class PlainLanguages {
  private static final String ROOT = "language.";
  private static final Path TOKENIZER =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "hf-opt");

  private PlainLanguages() {}

  static LanguageFamilies families() {
    return LanguageFamilies.builtIn().with(new GptFamily());
  }

  /** A family from outside the library. */
  static Path gpt(Path folder) throws IOException {
    return write(
        folder,
        """
        {"model_type": "tiny_gpt", "n_embd": 24, "n_layer": 2, "n_head": 3, "vocab_size": 424,
         "n_positions": 64, "bos_token_id": 2}
        """);
  }

  static Path opt(Path folder) throws IOException {
    return write(
        folder,
        """
        {"model_type": "opt", "hidden_size": 32, "word_embed_proj_dim": 32, "ffn_dim": 64,
         "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 424,
         "max_position_embeddings": 64, "bos_token_id": 2, "eos_token_id": 2, "pad_token_id": 1}
        """);
  }

  /** Configuration, weights, tokenizer. */
  private static Path write(Path folder, String config) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config);
    for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
      Files.copy(TOKENIZER.resolve(file), folder.resolve(file));
    }
    ConfigJson json = ConfigJson.parse("language model", config);
    var family = families().find(json.stringAt("model_type")).orElseThrow();
    try (Scope home = Scope.detached()) {
      Params params = Params.root(Weights.random(new Random(5)), home);
      LanguageConfig sizes = family.config(json);
      sizes.build(params.at("language"));
      KeyMap.Builder keys = KeyMap.builder();
      sizes.addNames(keys, ROOT, "");
      write(folder, List.copyOf(params.all().values()), keys.build());
    }
    return folder;
  }

  private static void write(Path folder, List<Parameter> parameters, KeyMap keys)
      throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    for (Parameter each : parameters) {
      String name = keys.toStored(each.name()).name();
      specs.add(new TensorSpec(name, each.value().dtype(), each.value().shape()));
    }
    try (var writer = ShardedSafetensorsWriter.create(folder, specs)) {
      for (int i = 0; i < specs.size(); i++) {
        String name = specs.get(i).name();
        parameters.get(i).value().write(bytes -> writer.write(name, bytes));
      }
    }
  }
}
