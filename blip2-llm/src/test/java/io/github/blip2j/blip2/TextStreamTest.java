package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.text.DjlTokenizer;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TextStreamTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"a red circle", "  two  spaces ", "naïve café", "漢字 and 🙂🙃!", "", "a \n\n b"})
  void onToken_anyText_joinsToItWithoutHalfCharacters(String text) throws IOException {
    try (Tokenizer tokenizer = DjlTokenizer.open(Fixture.HF_OPT)) {
      List<String> pieces = new ArrayList<>();
      TextStream stream = TextStream.of(tokenizer, pieces::add);

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
    try (Tokenizer tokenizer = DjlTokenizer.open(Fixture.HF_OPT)) {
      List<String> pieces = new ArrayList<>();
      TextStream stream = TextStream.of(tokenizer, pieces::add);
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

  @Test
  void onToken_ofSecondSequence_isRefused() throws IOException {
    try (Tokenizer tokenizer = DjlTokenizer.open(Fixture.HF_OPT)) {
      TextStream stream = TextStream.of(tokenizer, text -> {});

      var thrown = assertThrows(IllegalArgumentException.class, () -> stream.onToken(1, 5));

      assertEquals(
          "stream: tokens expected of one sequence, got row 1; ask for one prompt and one text",
          thrown.getMessage());
    }
  }
}
