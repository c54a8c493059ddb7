package io.github.blip2j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every fixture folder of tokenizers against the ids and texts that Python recorded in it. */
final class TokenizersParityTest {

  static List<Path> folders() throws IOException {
    List<Path> folders = new ArrayList<>();
    folders.add(Path.of("src/test/resources/golden/tokenizers"));
    String more = System.getProperty("blip2.fixtures", "");
    if (!more.isEmpty()) {
      try (Stream<Path> children = Files.list(Path.of(more))) {
        for (Path child : children.sorted().toList()) {
          if (isTokenizers(child)) {
            folders.add(child);
          }
        }
      }
    }
    return folders;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void encodeAndDecode_everyRow_matchPython(Path folder) throws IOException {
    JsonObject tokenizers = expected(folder).getAsJsonObject("tokenizers");
    assertFalse(tokenizers.isEmpty(), folder + " has tokenizers");
    for (String name : tokenizers.keySet()) {
      JsonArray rows = tokenizers.getAsJsonObject(name).getAsJsonArray("rows");
      assertFalse(rows.isEmpty(), name + " has rows");
      try (Tokenizer tokenizer =
          HuggingFaceTokenizer.open(folder.resolve(name + ".tokenizer.json"))) {
        for (JsonElement row : rows) {
          assertRow(name, tokenizer, row.getAsJsonObject());
        }
      }
    }
  }

  private static void assertRow(String name, Tokenizer tokenizer, JsonObject row) {
    String text = row.get("text").getAsString();
    String where = name + ": \"" + text + "\" ";
    int[] ids = ints(row, "ids");

    assertArrayEquals(ids, tokenizer.encode(text), where + "ids");
    assertArrayEquals(ints(row, "ids_plain"), tokenizer.encodePlain(text), where + "plain ids");
    assertEquals(row.get("decoded").getAsString(), tokenizer.decode(ids), where + "decoded");
    assertEquals(
        row.get("decoded_all").getAsString(), tokenizer.decodeAll(ids), where + "decoded with all");
  }

  private static int[] ints(JsonObject row, String key) {
    return row.getAsJsonArray(key).asList().stream().mapToInt(JsonElement::getAsInt).toArray();
  }

  private static boolean isTokenizers(Path folder) throws IOException {
    return Files.exists(folder.resolve("expected.json"))
        && expected(folder).has("kind")
        && expected(folder).get("kind").getAsString().equals("tokenizers");
  }

  private static JsonObject expected(Path folder) throws IOException {
    return JsonParser.parseString(Files.readString(folder.resolve("expected.json")))
        .getAsJsonObject();
  }
}
