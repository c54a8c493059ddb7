package io.github.blip2j.blip2.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TextStreamerTest {
  private final Path folder;

  TextStreamerTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a red circle", "  two  spaces ", "naïve café", "漢字 and 🙂🙃!", "", "a \n\n b"})
  void onToken_anyText_joinsToItWithoutHalfCharacters(String text) throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(Fixture.HF_OPT)) {
      List<String> pieces = new ArrayList<>();
      TextStreamer stream = TextStreamer.of(tokenizer, pieces::add);

      for (int token : tokenizer.encodePlain(text)) {
        stream.onToken(0, token);
      }
      stream.finish();

      assertEquals(text.strip(), String.join("", pieces));
      for (String piece : pieces) {
        assertEquals(-1, piece.indexOf('\uFFFD'), piece);
        assertEquals(false, Character.isLowSurrogate(piece.charAt(0)), piece);
      }
    }
  }

  @Test
  void finish_textEndsWithinACharacter_tellsItsReplacement() throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(Fixture.HF_OPT)) {
      List<String> pieces = new ArrayList<>();
      TextStreamer stream = TextStreamer.of(tokenizer, pieces::add);
      int[] tokens = tokenizer.encodePlain("a🙂");

      for (int i = 0; i < tokens.length - 1; i++) {
        stream.onToken(0, tokens[i]);
      }
      List<String> before = List.copyOf(pieces);
      stream.finish();
      stream.finish();

      assertEquals(List.of("a"), before);
      assertEquals(List.of("a", "\uFFFD"), pieces);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a star that spells 'stop' in red",
        "the ring 's star , is n't it ?",
        "we 've a 're ' ' square ' .",
        "an n 'n n' '",
        "' a ' b '"
      })
  void onToken_whereSpacesAreCleanedUp_joinsToTheText(String text) throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(cleaning())) {
      int[] tokens = tokenizer.encodePlain(text);
      var pieces = new StringBuilder();
      TextStreamer stream = TextStreamer.of(tokenizer, pieces::append);

      for (int token : tokens) {
        stream.onToken(0, token);
      }
      stream.finish();

      assertEquals(tokenizer.decode(tokens).strip(), pieces.toString());
    }
  }

  /** What no known tokenizer does: nothing is lost, and the stream goes on. */
  @Test
  void onToken_ofATextThatChanges_tellsItAgainFromThere() {
    List<String> texts = List.of("", "a b", "a c", "a", "a c d");
    List<String> pieces = new ArrayList<>();
    var stream = TextStreamer.of(decoding(texts), pieces::add);

    for (int token = 1; token < texts.size(); token++) {
      stream.onToken(0, token);
    }

    assertEquals(List.of("a b", "c", " d"), pieces);
  }

  /** The small T5's tokenizer with marks, and with a space before them, told to clean up. */
  private Path cleaning() throws IOException {
    Path t5 = Fixtures.own("hf-t5");
    Files.copy(t5.resolve("tokenizer.json"), folder.resolve("tokenizer.json"));
    Files.copy(t5.resolve("tokenizer_config.json"), folder.resolve("tokenizer_config.json"));
    Fixture.editJson(
        folder.resolve("tokenizer.json"),
        json -> {
          JsonArray vocabulary = json.getAsJsonObject("model").getAsJsonArray("vocab");
          for (String token : List.of("\u2581'", "'", "\u2581,", "\u2581.")) {
            var entry = new JsonArray();
            entry.add(token);
            entry.add(-3.0);
            vocabulary.add(entry);
          }
        });
    Fixture.editJson(
        folder.resolve("tokenizer_config.json"),
        json -> json.addProperty("clean_up_tokenization_spaces", true));
    return folder;
  }

  /** Decodes n tokens to the n-th text. */
  private static Tokenizer decoding(List<String> texts) {
    return (Tokenizer)
        Proxy.newProxyInstance(
            Tokenizer.class.getClassLoader(),
            new Class<?>[] {Tokenizer.class},
            (proxy, method, arguments) -> texts.get(((int[]) arguments[0]).length));
  }

  @Test
  void onToken_ofSecondSequence_isRefused() throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(Fixture.HF_OPT)) {
      TextStreamer stream = TextStreamer.of(tokenizer, text -> {});

      var thrown = assertThrows(IllegalArgumentException.class, () -> stream.onToken(1, 5));

      assertEquals(
          "stream: tokens expected of one sequence, got row 1; ask for one prompt and one text",
          thrown.getMessage());
    }
  }
}
