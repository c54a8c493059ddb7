package io.github.blip2j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TokenizerSettingsTest {
  private final Path folder;

  TokenizerSettingsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void read_noFile_takesTheUsualPads() throws IOException {
    TokenizerSettings settings = TokenizerSettings.read(folder);

    assertEquals(List.of("<pad>", "[PAD]"), settings.padTokens());
    assertFalse(settings.cleansUp());
  }

  @Test
  void read_padToken_mayBeAStringOrAnObject() throws IOException {
    assertEquals(List.of("<p>"), read("{'pad_token':'<p>'}").padTokens());
    assertEquals(List.of("<q>"), read("{'pad_token':{'content':'<q>'}}").padTokens());
  }

  @Test
  void open_folderWithPadToken_usesIt() throws IOException {
    read("{'pad_token':'</s>'}");
    Files.copy(
        Path.of("src/test/resources/golden/tokenizers/hf-opt.tokenizer.json"),
        folder.resolve("tokenizer.json"));

    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(folder)) {
      assertEquals(OptionalInt.of(2), tokenizer.padId());
    }
  }

  @Test
  void cleanUp_onlyWhenAskedAndNeverForBytePairs() throws IOException {
    String text = "it 's , does n't . ' x ' ?";
    TokenizerSettings settings = read("{'clean_up_tokenization_spaces':true}");

    assertEquals("it's, doesn't.'x '?", settings.cleanUp(text, "WordPiece"));
    assertEquals(text, settings.cleanUp(text, "BPE"));
    assertEquals(text, TokenizerSettings.NONE.cleanUp(text, "WordPiece"));
  }

  private TokenizerSettings read(String json) throws IOException {
    Files.writeString(folder.resolve("tokenizer_config.json"), json.replace('\'', '"'));
    return TokenizerSettings.read(folder);
  }
}
