package io.github.blip2j.pretraining.parts;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Configs of parts so small that tests train them. */
final class Small {
  static final Path BERT_WORDS = Fixtures.own("lavis-stage1");
  static final Path LANGUAGE_WORDS = Path.of("src/test/resources/golden/hf-opt");
  static final String LANGUAGE =
      """
      {"model_type": "opt", "hidden_size": 16, "ffn_dim": 24, "num_hidden_layers": 2,
       "num_attention_heads": 2, "word_embed_proj_dim": 16, "max_position_embeddings": 32,
       "activation_function": "relu", "dropout": 0.0, "bos_token_id": 2, "eos_token_id": 2,
       "pad_token_id": 1}
      """;

  private Small() {}

  static Path tower(Path folder, String family) throws IOException {
    return Files.writeString(
        folder.resolve("tower.json"),
        """
        {"model_type": "%s", "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
         "num_attention_heads": 2, "image_size": 32, "patch_size": 8}
        """
            .replace("%s", family));
  }

  static Path bert(Path folder) throws IOException {
    return Files.writeString(
        folder.resolve("bert.json"),
        """
        {"model_type": "bert", "hidden_size": 12, "intermediate_size": 20, "num_hidden_layers": 1,
         "num_attention_heads": 2, "max_position_embeddings": 32}
        """);
  }

  static Path language(Path folder) throws IOException {
    return Files.writeString(folder.resolve("language.json"), LANGUAGE);
  }

  static int bertWords() throws IOException {
    try (var tokenizer = HuggingFaceTokenizer.open(BERT_WORDS)) {
      return tokenizer.vocabSize();
    }
  }
}
