package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Classes of a {@code tokenizer_config.json} that build parts of a tokenizer themselves, whatever
 * the {@code tokenizer.json} has, against transformers 5.18.
 */
final class TokenizerClassesParityTest {
  private static final Path EXPECTED =
      Path.of("src/test/resources/tokenizer-classes/expected.json");

  @TempDir private Path folder;

  static Stream<JsonObject> cases() throws IOException {
    return expected().getAsJsonArray("cases").asList().stream().map(JsonElement::getAsJsonObject);
  }

  private static JsonObject expected() throws IOException {
    return JsonParser.parseString(Files.readString(EXPECTED)).getAsJsonObject();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void idsAndTexts_ofEachClass_equalReference(JsonObject wanted) throws IOException {
    Path base = Fixtures.own(wanted.get("folder").getAsString());
    JsonObject settings =
        JsonParser.parseString(Files.readString(base.resolve("tokenizer_config.json")))
            .getAsJsonObject();
    wanted.getAsJsonObject("settings").asMap().forEach(settings::add);
    Files.copy(base.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.writeString(folder.resolve("tokenizer_config.json"), settings.toString());
    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);
    Gson gson = new Gson();
    String[] texts = gson.fromJson(expected().get("texts"), String[].class);
    int[][] ids = gson.fromJson(wanted.get("ids"), int[][].class);
    String[] decoded = gson.fromJson(wanted.get("decoded"), String[].class);

    for (int i = 0; i < texts.length; i++) {
      String what = wanted.get("settings") + " of " + gson.toJson(texts[i]);
      assertArrayEquals(ids[i], tokenizer.encode(texts[i]), what);
      assertEquals(decoded[i], tokenizer.decode(ids[i]), what);
    }
  }
}
