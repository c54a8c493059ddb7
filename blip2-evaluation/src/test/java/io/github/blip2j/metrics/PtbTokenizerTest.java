package io.github.blip2j.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PtbTokenizerTest {
  private static final Set<String> DROPPED =
      Set.of("''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";", "");

  /** Captions from templates, with the tokens of CoreNLP 3.4.1. */
  @Test
  void words_equalCoreNlp() throws IOException {
    List<String> lines;
    try (var in = GoldenMetrics.open("ptb_tokens.tsv")) {
      lines = new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }

    assertTrue(lines.size() >= 1000, "lines expected, got " + lines.size());
    for (String line : lines) {
      String[] both = line.split("\t", -1);
      List<String> expected =
          Arrays.stream(both[1].split(" ", -1)).filter(token -> !DROPPED.contains(token)).toList();
      assertEquals(expected, PtbTokenizer.words(both[0]), both[0]);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "A man can't see (outside) | a man ca n't see -lrb- outside -rrb-",
        "wow!!! really?! yes! | wow !!! really ?! yes",
        "at 5 p.m. in St. Louis, etc. | at 5 p.m. in st. louis etc.",
        "“hello” and ‘hi’… | hello and hi",
        "the dog.The cat | the dog.the cat",
        "cannot gonna more'n | can not gon na more 'n",
        "a well-known black-and-white A/C | a well-known black-and-white a/c",
        "rock 'n' roll, the '70s, 1990's | rock 'n' roll the '70s 1990 's",
        "$5 #1 50% R&D b&w | $ 5 # 1 50 % r&d b & w",
        "No. 5, no. Jr. | no. 5 no jr.",
        "www.example.com me@example.com | www.example.com me@example.com",
        "one\\ntwo | one two",
      })
  void words_ofCoreNlp(String text, String words) {
    assertEquals(words, String.join(" ", PtbTokenizer.words(text.replace("\\n", "\n"))));
  }

  @Test
  void words_blankOrPunctuation_areNone() {
    assertEquals(List.of(), PtbTokenizer.words("  "));
    assertEquals(List.of(), PtbTokenizer.words("."));
    assertEquals(List.of(), PtbTokenizer.words("- ... ;"));
  }

  /** Every text comes to an end, whatever it holds. */
  @Test
  void words_anyText_areNeverBlank() {
    var random = new java.util.Random(5);
    String letters =
        "ab C.'-\"!?,:;()[]{}<>@#$%&*_+=/\\|~^0159 \t\u2019\u201c\u00e9\u3042\ud83d\ude00";
    for (int i = 0; i < 5000; i++) {
      var text = new StringBuilder();
      for (int j = random.nextInt(30); j > 0; j--) {
        text.append(letters.charAt(random.nextInt(letters.length())));
      }
      for (String word : PtbTokenizer.words(text.toString())) {
        assertTrue(!word.isBlank() && !word.contains(" "), text.toString());
      }
    }
  }
}
