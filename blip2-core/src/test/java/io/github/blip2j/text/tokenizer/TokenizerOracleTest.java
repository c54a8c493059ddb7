package io.github.blip2j.text.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.text.tokenizer.TokenizerPipeline.SpecialTokenRule;
import io.github.blip2j.text.tokenizer.normalizer.Overrides;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Our tokenizers against Hugging Face's library, on texts and ids drawn from fixed seeds. */
final class TokenizerOracleTest {
  // Hundreds of thousands by hand: -Dblip2.oracle.texts=200000
  private static final int TEXTS = Integer.getInteger("blip2.oracle.texts", 1500);
  private static final Map<String, String> VARIANTS = TokenizerVariants.all();

  static List<String> variants() {
    return List.copyOf(VARIANTS.keySet());
  }

  /** The golden files, and those in the folders of the fixtures where they are given. */
  static List<Path> files() throws IOException {
    String more = System.getProperty("blip2.fixtures", "");
    try (Stream<Path> own = Files.list(TokenizerVariants.GOLDEN);
        Stream<Path> others = more.isEmpty() ? Stream.empty() : Files.walk(Path.of(more), 3)) {
      return Stream.concat(own, others)
          .filter(path -> path.toString().endsWith("tokenizer.json"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void encodeAndDecode_goldenFile_equalTheLibrary(Path file) throws IOException {
    assertEqual(Files.readString(file), TEXTS);
  }

  @ParameterizedTest
  @MethodSource("variants")
  void encodeAndDecode_variant_equalTheLibrary(String name) throws IOException {
    assertEqual(Objects.requireNonNull(VARIANTS.get(name)), Math.max(1, TEXTS / 5));
  }

  @Test
  void variants_allDiffer() {
    var files = new LinkedHashMap<String, String>();
    VARIANTS.forEach((name, file) -> files.put(file, name));

    assertTrue(VARIANTS.size() > 100);
    assertEquals(VARIANTS.size(), files.size());
  }

  private static void assertEqual(String json, int count) throws IOException {
    var ours = TokenizerPipeline.read(new StringReader(json), "t.json", Overrides.NONE);
    // Of the library's version of before 0.23, which spelled them as they are added.
    Set<Integer> spelledOtherwise = new HashSet<>();
    TokenizerVariants.normalizedTokens(json)
        .forEach(token -> spelledOtherwise.add(Objects.requireNonNull(ours.idOf(token))));
    var texts = new RandomTexts(count, TokenizerVariants.addedTokens(json));
    try (var library = new RustTokenizer(json)) {
      for (int i = 0; i < count; i++) {
        String text = texts.next();
        int[] ids = library.encodePlain(text);

        assertArrayEquals(ids, ours.encode(text), () -> spelled(text));
        assertArrayEquals(library.encode(text), around(ours, ids), () -> spelled(text));
        for (int[] drawn : List.of(ids, texts.ids(ours.size(), ids))) {
          int[] some = IntStream.of(drawn).filter(id -> !spelledOtherwise.contains(id)).toArray();
          assertEquals(library.decode(some, true), ours.decode(some, SpecialTokenRule.SKIP));
          assertEquals(library.decode(some, false), ours.decode(some, SpecialTokenRule.KEEP));
        }
      }
    }
  }

  private static int[] around(TokenizerPipeline ours, int[] ids) {
    return Stream.of(ours.idsBefore(), ids, ours.idsBehind()).flatMapToInt(IntStream::of).toArray();
  }

  private static String spelled(String text) {
    var spelled = new StringBuilder();
    text.codePoints()
        .forEach(
            c ->
                spelled.append(
                    c > ' ' && c < 0x7F ? (char) c : String.format(Locale.ROOT, " U+%04X ", c)));
    return spelled.toString();
  }
}
