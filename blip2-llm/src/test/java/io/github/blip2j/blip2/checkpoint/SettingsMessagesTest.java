package io.github.blip2j.blip2.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.checkpoint.hf.Blip2Folder;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings of a folder that are missing, out of range or another model's. */
final class SettingsMessagesTest {
  @TempDir private Path folder;

  private Path copy(String name) throws IOException {
    try (Stream<Path> files = Files.list(Fixtures.own(name))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
      }
    }
    return folder;
  }

  private void set(String part, String key, JsonElement value) throws IOException {
    Path file = folder.resolve("config.json");
    JsonObject json = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
    json.getAsJsonObject(part).add(key, value);
    Files.writeString(file, json.toString());
  }

  private String failure() {
    var e =
        assertThrows(
            CheckpointException.class,
            () -> Blip2Loader.load(folder, LoadOptions.of(Precision.FLOAT32)).memory().close());
    return String.valueOf(e.getMessage());
  }

  @Test
  void load_withoutAModelTypeOfTheText_saysThatOptWasAssumed() throws IOException {
    copy("hf-blip2-llama");
    set("text_config", "model_type", JsonNull.INSTANCE);

    String message = failure();

    assertTrue(message.contains("tensors expected to fit the configuration"), message);
    assertTrue(
        message.endsWith("; config.json: text_config.model_type is missing, and opt was assumed"),
        message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "text_config | attention_dropout | 2 | config.json: text_config.attention_dropout expected in"
            + " [0, 1), got 2.0; correct it to the model's",
        "text_config | rms_norm_eps | -1 | config.json: text_config.rms_norm_eps expected 0 or more,"
            + " got -1.0; correct it to the model's",
        "qformer_config | hidden_dropout_prob | 1 | config.json: qformer_config.hidden_dropout_prob"
            + " expected in [0, 1), got 1.0; correct it to the model's",
        "vision_config | layer_norm_eps | -1 | config.json: vision_config.layer_norm_eps expected 0"
            + " or more, got -1.0; correct it to the model's",
        "qformer_config | encoder_hidden_size | 47 | config.json: qformer_config.encoder_hidden_size"
            + " expected 40, the width of the vision encoder, got 47; correct one of them",
        "text_config | rope_scaling | {'rope_type': 'linear'} | config.json:"
            + " text_config.rope_scaling.factor expected for the rope type linear, got nothing; add"
            + " the model's own"
      })
  void load_valueOutOfRange_namesFileAndKey(String part, String key, String value, String expected)
      throws IOException {
    copy("hf-blip2-llama");
    set(part, key, JsonParser.parseString(value.replace('\'', '"')));

    assertEquals(expected, failure());
  }

  private List<String> signs() throws IOException {
    try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      return TokenizerFit.signs(tokenizer, Blip2Folder.of(folder).config().text());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hf-blip2-llama",
        "hf-blip2-qwen2",
        "hf-opt",
        "hf-opt-legacy",
        "hf-t5",
        "hf-t5-v10"
      })
  void tokenizer_thatBelongsToTheModel_hasNoSigns(String name) throws IOException {
    copy(name);

    assertEquals(List.of(), signs());
  }

  @Test
  void tokenizer_ofAnotherModel_isNoticed() throws IOException {
    copy("hf-blip2-llama");
    Path own = folder.resolve("tokenizer.json");

    Files.copy(Fixtures.own("hf-t5/tokenizer.json"), own, StandardCopyOption.REPLACE_EXISTING);
    assertEquals(
        List.of("tokenizer: eos_token </s> expected among the model's end tokens [2], got 1"),
        signs());

    Files.copy(Fixtures.own("hf-itm/tokenizer.json"), own, StandardCopyOption.REPLACE_EXISTING);
    assertTrue(
        signs()
            .get(0)
            .startsWith("tokenizer: eos_token </s> expected among the model's end tokens [2], got"),
        signs()::toString);

    copy("hf-opt");
    set("text_config", "vocab_size", JsonParser.parseString("600"));
    set("text_config", "eos_token_id", JsonParser.parseString("599"));
    Path config = folder.resolve("config.json");
    JsonObject json = JsonParser.parseString(Files.readString(config)).getAsJsonObject();
    json.remove("image_token_index");
    json.remove("image_token_id");
    Files.writeString(config, json.toString());
    Files.copy(Fixtures.own("hf-t5/tokenizer.json"), own, StandardCopyOption.REPLACE_EXISTING);
    assertTrue(
        signs().get(0).startsWith("tokenizer: token 599 expected, which ends the model's texts"),
        signs()::toString);
  }
}
