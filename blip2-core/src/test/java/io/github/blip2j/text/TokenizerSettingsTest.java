package io.github.blip2j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
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

  @Test
  void open_classOfGpt2_prefixesASpaceIfToldTo() throws IOException {
    int[] prefixed = opened("hf-opt", "{}").encodePlain(" a red");

    assertArrayEquals(
        prefixed,
        opened("hf-opt", "{'tokenizer_class':'GPT2Tokenizer','add_prefix_space':true}")
            .encodePlain("a red"));
    assertFalse(
        Arrays.equals(
            prefixed,
            opened("hf-opt", "{'tokenizer_class':'TokenizersBackend','add_prefix_space':true}")
                .encodePlain("a red")));
  }

  @Test
  void open_classOfBert_setsItsNormalizer() throws IOException {
    String bert = "{'tokenizer_class':'BertTokenizer','do_lower_case':%s}";

    assertArrayEquals(
        opened("lavis-stage1", "{}").encode("A red"),
        opened("lavis-stage1", String.format(Locale.ROOT, bert, "true")).encode("A red"));
    assertArrayEquals(
        opened("lavis-stage1", "{}").encode("[UNK] red"),
        opened("lavis-stage1", String.format(Locale.ROOT, bert, "false")).encode("A red"));
    assertArrayEquals(
        opened("lavis-stage1", "{}").encode("[UNK] red"),
        opened(
                "lavis-stage1",
                "{'tokenizer_class':'BertTokenizer','do_lower_case':true,'strip_accents':false}")
            .encode("\u00e1 red"));
  }

  /** As transformers 5.18 reads them: a {@code tokenizer.json} says what surrounds a text. */
  @Test
  void open_tokensToAddBesideTokenizerJson_areNotHeeded() throws IOException {
    for (String settings :
        List.of(
            "{'add_bos_token':false,'bos_token':'</s>'}",
            "{'add_bos_token':true,'bos_token':'<s>','add_eos_token':true,"
                + "'eos_token':{'content':'</s>'}}",
            "{'tokenizer_class':'GPT2Tokenizer','add_eos_token':true}")) {
      assertArrayEquals(new int[] {2, 68}, opened("hf-opt", settings).encode("a"), settings);
    }
  }

  @Test
  void open_tokensOfTheSettings_areAdded() throws IOException {
    Tokenizer tokenizer =
        opened(
            "hf-opt",
            "{'pad_token':'<none>','additional_special_tokens':['<more>'],"
                + "'added_tokens_decoder':{'420':{'content':'<image>','special':true,"
                + "'rstrip':true}}}");

    assertArrayEquals(new int[] {420, 68}, tokenizer.encodePlain("<image>  a"));
    assertArrayEquals(new int[] {68, 421, 422}, tokenizer.encodePlain("a<none><more>"));
    assertEquals("a", tokenizer.decode(new int[] {68, 421, 422}));
    assertEquals(OptionalInt.of(421), tokenizer.padId());
  }

  @Test
  void open_mapOfSpecialTokens_namesWhatTheSettingsDoNot() throws IOException {
    Files.writeString(folder.resolve("special_tokens_map.json"), "{\"pad_token\":\"</s>\"}");

    assertEquals(OptionalInt.of(2), opened("hf-opt", "{}").padId());
    assertEquals(OptionalInt.of(3), opened("hf-opt", "{'pad_token':'<unk>'}").padId());
  }

  private Tokenizer opened(String golden, String json) throws IOException {
    read(json);
    Files.copy(
        Path.of("src/test/resources/golden/tokenizers", golden + ".tokenizer.json"),
        folder.resolve("tokenizer.json"),
        StandardCopyOption.REPLACE_EXISTING);
    return HuggingFaceTokenizer.open(folder);
  }

  private TokenizerSettings read(String json) throws IOException {
    Files.writeString(folder.resolve("tokenizer_config.json"), json.replace('\'', '"'));
    return TokenizerSettings.read(folder);
  }
}
