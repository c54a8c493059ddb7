package io.github.blip2j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.file.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HuggingFaceTokenizerTest {
  private static final Path GOLDEN = Path.of("src/test/resources/golden/tokenizers");
  private static final Path OPT = GOLDEN.resolve("hf-opt.tokenizer.json");
  private static final Path BERT = GOLDEN.resolve("lavis-stage1.tokenizer.json");
  private static final Path T5 = GOLDEN.resolve("hf-t5.tokenizer.json");

  private final Path folder;

  HuggingFaceTokenizerTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void encode_textBeyond512Tokens_isNotTruncated() throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(OPT)) {
      assertEquals(1 + 2000, tokenizer.encode("!".repeat(2000)).length);
    }
  }

  @Test
  void encode_fileWithTruncationAndPadding_ignoresThem() throws IOException {
    String json = Files.readString(BERT);
    String limited =
        json.replaceFirst(
                "\"truncation\": *null",
                "\"truncation\":{\"direction\":\"Right\",\"max_length\":4,"
                    + "\"strategy\":\"LongestFirst\",\"stride\":0}")
            .replaceFirst(
                "\"padding\": *null",
                "\"padding\":{\"strategy\":{\"Fixed\":20},\"direction\":\"Right\","
                    + "\"pad_to_multiple_of\":null,\"pad_id\":0,\"pad_type_id\":0,"
                    + "\"pad_token\":\"[PAD]\"}");
    Path file = Files.writeString(folder.resolve("tokenizer.json"), limited);

    try (Tokenizer plain = HuggingFaceTokenizer.open(BERT);
        Tokenizer tokenizer = HuggingFaceTokenizer.open(file)) {
      assertTrue(limited.contains("\"pad_id\"") && limited.contains("\"max_length\""));
      assertArrayEquals(plain.encode("a red circle"), tokenizer.encode("a red circle"));
    }
  }

  @Test
  void encodeTruncated_bertText_keepsBothSpecialTokens() throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(BERT)) {
      int[] plain = tokenizer.encodePlain("a red circle above a blue square");
      int n = plain.length;

      assertArrayEquals(
          new int[] {2, plain[0], plain[1], 3},
          tokenizer.encodeTruncated("a red circle above a blue square", 4, Side.RIGHT));
      assertArrayEquals(
          new int[] {2, plain[n - 2], plain[n - 1], 3},
          tokenizer.encodeTruncated("a red circle above a blue square", 4, Side.LEFT));
      assertArrayEquals(
          new int[] {2, 3},
          tokenizer.encodeTruncated("a red circle above a blue square", 2, Side.LEFT));
      assertArrayEquals(
          tokenizer.encode("a red circle above a blue square"),
          tokenizer.encodeTruncated("a red circle above a blue square", n + 2, Side.RIGHT));
    }
  }

  @Test
  void encodeTruncated_noRoomForSpecialTokens_isRefused() throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(BERT)) {
      var thrown =
          assertThrows(
              IllegalArgumentException.class,
              () -> tokenizer.encodeTruncated("a red circle", 1, Side.RIGHT));

      assertEquals(
          "encodeTruncated: maxTokens expected at least 2 for the special tokens, got 1",
          thrown.getMessage());
    }
  }

  @Test
  void encode_fromFourThreads_givesEachItsOwnIds() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(T5)) {
      int[] expected = tokenizer.encode("a photo of a red circle");
      String text = tokenizer.decode(expected);
      Callable<String> task =
          () -> {
            assertArrayEquals(expected, tokenizer.encode("a photo of a red circle"));
            return tokenizer.decode(expected);
          };

      List<Future<String>> results = threads.invokeAll(Collections.nCopies(2000, task));

      for (Future<String> result : results) {
        assertEquals(text, result.get());
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void close_whileOthersEncode_stopsThemWithAClearError() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Tokenizer tokenizer = HuggingFaceTokenizer.open(OPT);
      Callable<IllegalStateException> untilClosed =
          () -> {
            while (true) {
              try {
                tokenizer.encode("a photo of a dog");
              } catch (IllegalStateException e) {
                return e;
              }
            }
          };
      Future<IllegalStateException> first = threads.submit(untilClosed);
      Future<IllegalStateException> second = threads.submit(untilClosed);
      tokenizer.encode("a");
      tokenizer.close();
      tokenizer.close();

      String message =
          "tokenizer: open tokenizer expected, got a closed one; close it after its last use";
      assertEquals(message, first.get().getMessage());
      assertEquals(message, second.get().getMessage());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void decode_idsWithoutTokens_addNothingAndNegativeOnesAreRefused() throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(OPT)) {
      assertEquals("a", tokenizer.decode(new int[] {68, 99_999, 1}));

      var thrown =
          assertThrows(
              IllegalArgumentException.class, () -> tokenizer.decode(new int[] {68, -100}));
      assertEquals("decode: token ids expected 0 or more, got -100 at 1", thrown.getMessage());
    }
  }

  @Test
  void encode_unusualCharacters_roundTrip() throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(OPT)) {
      String text = "\ud83d\ude00 nul \u0000 \ufffd \r\n";

      assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
    }
  }

  @Test
  void vocabulary_ofEachAlgorithm_knowsItsTokens() throws IOException {
    try (Tokenizer opt = HuggingFaceTokenizer.open(OPT);
        Tokenizer bert = HuggingFaceTokenizer.open(BERT);
        Tokenizer t5 = HuggingFaceTokenizer.open(T5)) {
      assertEquals(421, opt.vocabSize());
      assertEquals(OptionalInt.of(420), opt.idOf("<image>"));
      assertEquals(OptionalInt.of(1), opt.padId());
      assertEquals(253, bert.vocabSize());
      assertEquals(OptionalInt.of(252), bert.idOf("[DEC]"));
      assertEquals(OptionalInt.of(0), bert.padId());
      assertEquals(138, t5.vocabSize());
      assertEquals(OptionalInt.of(1), t5.idOf("</s>"));
      assertEquals(OptionalInt.of(0), t5.padId());
      assertEquals(OptionalInt.empty(), t5.idOf("[DEC]"));
    }
  }

  @Test
  void within_modelWithoutRowOfAWord_namesBothSizes() throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(OPT)) {
      tokenizer.within(420);

      var thrown = assertThrows(CheckpointException.class, () -> tokenizer.within(419));
      assertEquals(
          "hf-opt.tokenizer.json: largest token id expected below the model's vocabulary of 419,"
              + " got 419; use the tokenizer that came with the model",
          thrown.getMessage());
    }
  }

  @Test
  void within_addedTokenBeyondTheModel_isRefusedInTextsOnly() throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(BERT).within(252)) {
      assertArrayEquals(new int[] {2, 3}, tokenizer.encode(""));

      var thrown =
          assertThrows(IllegalArgumentException.class, () -> tokenizer.encode("red [DEC]"));
      assertEquals(
          "encode: token ids expected below the model's vocabulary of 252, got 252 for [DEC]; the"
              + " model has no embedding for it, so leave it out of the text",
          thrown.getMessage());
      assertThrows(
          IllegalArgumentException.class, () -> tokenizer.encodeTruncated("[DEC]", 9, Side.RIGHT));
      assertThrows(IllegalArgumentException.class, () -> tokenizer.encodePlain("[DEC]"));
    }
  }

  @Test
  void encode_halfASurrogatePair_isOneReplacement() throws IOException {
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(OPT)) {
      int[] replaced = tokenizer.encode("a\ufffdb");

      assertArrayEquals(new int[] {2, 68, 175, 127, 125, 69}, replaced);
      assertArrayEquals(replaced, tokenizer.encode("a\ud800b"));
      assertArrayEquals(replaced, tokenizer.encode("a\udc00b"));
      assertArrayEquals(tokenizer.encode("\ufffd\ufffd"), tokenizer.encode("\udc00\ud800"));
      assertArrayEquals(
          tokenizer.encode("\ufffd\ud83d\ude00"), tokenizer.encode("\ud83d\ud83d\ude00"));
    }
  }

  @Test
  void open_missingFile_namesThePath() {
    Path expected = folder.resolve("tokenizer.json");

    assertEquals(expected + ": file expected, got none; check the path", failure(folder));
    assertEquals(expected + ": file expected, got none; check the path", failure(expected));
  }

  @Test
  void open_fileThatIsNoTokenizer_saysWhatIsWrong() throws IOException {
    Path file = folder.resolve("tokenizer.json");

    Files.writeString(file, "{\"model\": {");
    assertEquals(
        "tokenizer.json: JSON expected, got malformed text; copy the file again", failure(file));
    Files.writeString(file, "");
    assertEquals(
        "tokenizer.json: JSON expected, got malformed text; copy the file again", failure(file));
    Files.writeString(file, "{\"model\": 7}");
    assertEquals(
        "tokenizer.json: model.vocab and added_tokens expected tokens with ids", failure(file));
    Files.writeString(file, "{}");
    assertEquals("tokenizer.json: model.vocab is missing or empty", failure(file));
    Files.writeString(file, "{\"added_tokens\":[{\"content\":\"a\"}]}");
    assertEquals("tokenizer.json: added token \"a\" has no id", failure(file));
    Files.writeString(file, "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0}}}");
    assertEquals("tokenizer.json: model: merges is missing", failure(file));
  }

  private static String failure(Path path) {
    var thrown = assertThrows(CheckpointException.class, () -> HuggingFaceTokenizer.open(path));
    return String.valueOf(thrown.getMessage());
  }
}
