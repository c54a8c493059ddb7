package io.github.blip2j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TokenizerFolderTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/tokenizers");
  private static final Path OPT = GOLDEN.resolve("hf-opt.tokenizer.json");
  private static final Path BERT = GOLDEN.resolve("lavis-stage1.tokenizer.json");
  private static final String POINTER =
      "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 7\n";

  private final Path folder;

  TokenizerFolderTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_vocabularyAndMerges_givesTheIdsOfTransformers() throws IOException {
    writeVocabularyAndMerges();
    write("added_tokens.json", "{'<image>': 420}");
    write(
        "tokenizer_config.json",
        "{'tokenizer_class':'GPT2Tokenizer','bos_token':'</s>','eos_token':'</s>',"
            + "'unk_token':'</s>','pad_token':'<pad>','add_bos_token':true,"
            + "'add_prefix_space':false}");

    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);

    assertArrayEquals(new int[] {2, 68, 350}, tokenizer.encode("a red"));
    assertArrayEquals(new int[] {420, 68}, tokenizer.encodePlain("<image>a"));
    assertEquals(OptionalInt.of(1), tokenizer.padId());
    assertTrue(TokenizerFolder.isIn(folder) && TokenizerFolder.isMade(folder));
  }

  @Test
  void open_vocabularyOfGpt2_putsNothingBeforeTexts() throws IOException {
    writeVocabularyAndMerges();
    write("tokenizer_config.json", "{'tokenizer_class':'GPT2TokenizerFast'}");

    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);

    assertArrayEquals(new int[] {68, 350}, tokenizer.encode("a red"));
  }

  @Test
  void open_wordsOfBert_readsAsTheWholeFile() throws IOException {
    List<String> words = new ArrayList<>();
    vocabulary(BERT).entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.comparing(JsonElement::getAsInt)))
        .forEach(word -> words.add(word.getKey()));
    Files.write(folder.resolve("vocab.txt"), words);
    HuggingFaceTokenizer whole = HuggingFaceTokenizer.open(BERT);

    HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);

    for (String text : List.of("", "A Red circle, \u00e9t\u00e9 [SEP] x", "two cats!")) {
      assertArrayEquals(whole.encode(text), tokenizer.encode(text), text);
      assertEquals(
          whole.decode(whole.encode(text)), tokenizer.decode(tokenizer.encode(text)), text);
    }
  }

  @Test
  void open_sentencePieceAlone_saysWhatToDo() throws IOException {
    write("spiece.model", "x");

    assertEquals(
        folder
            + ": tokenizer.json expected, got spiece.model alone;"
            + " AutoTokenizer.from_pretrained(folder).save_pretrained(folder) writes it",
        failure());
    assertFalse(TokenizerFolder.isIn(folder));
  }

  @Test
  void open_pointersOfGitLfs_nameThem() throws IOException {
    write("tokenizer.json", POINTER);
    assertEquals(
        "tokenizer.json: JSON expected, got a Git LFS pointer; run git lfs pull", failure());
    write("tokenizer_config.json", POINTER);
    assertEquals(
        "tokenizer_config.json: JSON expected, got a Git LFS pointer; run git lfs pull", failure());
    Files.delete(folder.resolve("tokenizer.json"));
    Files.delete(folder.resolve("tokenizer_config.json"));
    writeVocabularyAndMerges();
    write("merges.txt", POINTER);
    assertEquals("merges.txt: merges expected, got a Git LFS pointer; run git lfs pull", failure());

    var e =
        assertThrows(
            CheckpointException.class, () -> ConfigJson.read(folder.resolve("merges.txt")));
    assertEquals(
        "merges.txt: JSON expected, got a Git LFS pointer; run git lfs pull", e.getMessage());
  }

  @Test
  void open_brokenFiles_namesThem() throws IOException {
    writeVocabularyAndMerges();
    write("merges.txt", "#version: 0.2\na b c\n");
    assertEquals("merges.txt: line 2 expected two tokens around a space, got \"a b c\"", failure());
    write("merges.txt", "nowhere tobefound\n");
    assertEquals(
        folder
            + ": vocab.json and merges.txt: tokenizer expected, got model: merges expected tokens"
            + " of the vocabulary, got \"nowhere\"",
        failure());
  }

  private String failure() {
    var e = assertThrows(CheckpointException.class, () -> HuggingFaceTokenizer.open(folder));
    return String.valueOf(e.getMessage());
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text.replace('\'', '"'));
  }

  private void writeVocabularyAndMerges() throws IOException {
    Files.writeString(folder.resolve("vocab.json"), vocabulary(OPT).toString());
    List<String> merges = new ArrayList<>(List.of("#version: 0.2"));
    JsonArray pairs =
        JsonParser.parseString(Files.readString(OPT))
            .getAsJsonObject()
            .getAsJsonObject("model")
            .getAsJsonArray("merges");
    for (JsonElement pair : pairs) {
      JsonArray sides = pair.getAsJsonArray();
      merges.add(sides.get(0).getAsString() + " " + sides.get(1).getAsString());
    }
    Files.write(folder.resolve("merges.txt"), merges);
  }

  private static JsonObject vocabulary(Path file) throws IOException {
    return JsonParser.parseString(Files.readString(file))
        .getAsJsonObject()
        .getAsJsonObject("model")
        .getAsJsonObject("vocab");
  }
}
