package io.github.blip2j.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.text.Tokenizer;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Strings that end a text, and the decoding with it. */
final class StopStringsTest {
  private static final int END = 3;
  private static final List<int[]> PROMPTS =
      List.of(new int[] {1, 2}, new int[] {}, new int[] {5, 5, 5}, new int[] {0});

  /** Some strings span tokens, and some tokens span the end of a string. */
  private static final List<String> VOCABULARY = List.of("a", "ab", "b ", "", "ca", " c", "bcab");

  private static final Tokenizer TOKENIZER = decoding(VOCABULARY);

  private static Tokenizer decoding(List<String> vocabulary) {
    return (Tokenizer)
        Proxy.newProxyInstance(
            Tokenizer.class.getClassLoader(),
            new Class<?>[] {Tokenizer.class},
            (proxy, method, arguments) -> {
              assertEquals("decode", method.getName());
              return text(vocabulary, (int[]) arguments[0]);
            });
  }

  private static String text(List<String> vocabulary, int[] ids) {
    var text = new StringBuilder();
    Arrays.stream(ids).forEach(id -> text.append(vocabulary.get(id)));
    return text.toString();
  }

  /** A text that grows by one character at a time ends as soon as it ends in a string. */
  private static String cutCharacterByCharacter(String decoded, List<String> stops) {
    String text = decoded.stripLeading();
    for (int end = 1; end <= text.length(); end++) {
      String begun = text.substring(0, end);
      int longest = stops.stream().filter(begun::endsWith).mapToInt(String::length).max().orElse(0);
      if (longest > 0) {
        return begun.substring(0, end - longest);
      }
    }
    return text.stripTrailing();
  }

  private static List<String> drawnStops(Random random) {
    List<String> stops = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      stops.add(drawn(random, 1 + random.nextInt(4)));
    }
    return stops;
  }

  private static String drawn(Random random, int length) {
    var text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append("abc ".charAt(random.nextInt(4)));
    }
    return text.toString();
  }

  @Test
  void cut_isThatOfATextThatGrowsByOneCharacter() {
    var random = new Random(1);
    for (int i = 0; i < 5000; i++) {
      List<String> stops = drawnStops(random);
      String text = drawn(random, random.nextInt(12));

      String cut = StopStrings.of(stops).cut(text);

      assertEquals(cutCharacterByCharacter(text, stops), cut, text + " " + stops);
    }
  }

  @Test
  void settled_leavesOutTheLongestBeginning() {
    var random = new Random(2);
    for (int i = 0; i < 5000; i++) {
      List<String> stops = drawnStops(random);
      String text = drawn(random, random.nextInt(8));
      int expected = text.length();
      for (int from = text.length() - 1; from >= 0; from--) {
        String end = text.substring(from);
        boolean begins = stops.stream().anyMatch(s -> s.startsWith(end) && !s.equals(end));
        expected = begins ? from : expected;
      }

      assertEquals(expected, StopStrings.of(stops).settled(text), text + " " + stops);
    }
  }

  @Test
  void greedy_decodesUpToTheStringAndNoFurther() {
    var random = new Random(3);
    int stopped = 0;
    for (long seed = 0; seed < 500; seed++) {
      List<String> stops = drawnStops(random);
      GenerationConfig decoding = GenerationConfig.greedy().maxNewTokens(9);
      var whole = new PrefixModel(seed, VOCABULARY.size(), PROMPTS);
      var model = new PrefixModel(seed, VOCABULARY.size(), PROMPTS);

      List<List<Sequence>> all = Generator.of(decoding, END).generate(whole, PROMPTS);
      List<List<Sequence>> found =
          Generator.of(decoding.stopStrings(stops), END)
              .withTokenizer(TOKENIZER)
              .generate(model, PROMPTS);

      int rows = 0;
      for (int b = 0; b < PROMPTS.size(); b++) {
        int[] tokens = all.get(b).get(0).tokens();
        Sequence sequence = found.get(b).get(0);
        int steps = steps(tokens, stops);
        assertArrayEquals(Arrays.copyOf(tokens, steps), sequence.tokens(), "seed " + seed);
        String cut = StopStrings.of(stops).cut(text(VOCABULARY, sequence.tokens()));
        assertEquals(cutCharacterByCharacter(text(VOCABULARY, tokens), stops), cut);
        boolean ends = sequence.tokens()[steps - 1] == END;
        assertEquals(hasAny(sequence.tokens(), stops) && !ends, sequence.stopped());
        stopped += sequence.stopped() ? 1 : 0;
        rows += steps;
      }
      assertEquals(rows, model.rowsScored, "rows of the model, one for each token");
    }
    assertTrue(stopped > 500, "stopped " + stopped);
  }

  private static boolean hasAny(int[] tokens, List<String> stops) {
    String text = text(VOCABULARY, tokens).stripLeading();
    return stops.stream().anyMatch(text::contains);
  }

  /** The number of tokens after which the text has one of the strings; all without any. */
  private static int steps(int[] tokens, List<String> stops) {
    for (int n = 1; n < tokens.length; n++) {
      if (hasAny(Arrays.copyOf(tokens, n), stops)) {
        return n;
      }
    }
    return tokens.length;
  }

  @Test
  void samples_ofOnePrompt_stopEachByItself() {
    GenerationConfig decoding =
        GenerationConfig.sample().seed(4).maxNewTokens(12).numReturnSequences(40);
    var whole = new PrefixModel(8, VOCABULARY.size(), PROMPTS);
    var model = new PrefixModel(8, VOCABULARY.size(), PROMPTS);
    List<String> stops = List.of("abc", "b a");

    List<Sequence> all = Generator.of(decoding, END).generate(whole, PROMPTS).get(0);
    List<Sequence> found =
        Generator.of(decoding.stopStrings(stops), END)
            .withTokenizer(TOKENIZER)
            .generate(model, PROMPTS)
            .get(0);

    for (int i = 0; i < all.size(); i++) {
      int[] tokens = all.get(i).tokens();
      assertArrayEquals(Arrays.copyOf(tokens, steps(tokens, stops)), found.get(i).tokens());
    }
    long stopped = found.stream().filter(Sequence::stopped).count();
    assertTrue(stopped > 3 && stopped < 40, "stopped " + stopped);
  }

  /** A string that is one token's text alone finishes beams as an end token does. */
  @ParameterizedTest
  @EnumSource(EarlyStopping.class)
  void beams_areFinishedAsByAnEndToken(EarlyStopping early) {
    Tokenizer letters = decoding(List.of("a", "b", "c", "d", "e", "f", "g"));
    GenerationConfig decoding =
        GenerationConfig.beams(3)
            .earlyStopping(early)
            .lengthPenalty(0.5)
            .numReturnSequences(3)
            .maxNewTokens(7);
    for (long seed = 0; seed < 200; seed++) {
      var ending = new PrefixModel(seed, 7, PROMPTS);
      var stopping = new PrefixModel(seed, 7, PROMPTS);

      List<List<Sequence>> expected = Generator.of(decoding, 4).generate(ending, PROMPTS);
      List<List<Sequence>> found =
          Generator.of(decoding.stopStrings("e"))
              .withTokenizer(letters)
              .generate(stopping, PROMPTS);

      assertEquals(expected.toString(), found.toString(), "seed " + seed);
      assertEquals(ending.rowsScored, stopping.rowsScored);
      for (int b = 0; b < PROMPTS.size(); b++) {
        for (int i = 0; i < 3; i++) {
          assertEquals(expected.get(b).get(i).ended(), found.get(b).get(i).stopped());
        }
      }
    }
  }

  @Test
  void beams_thatAllStop_endTheSearch() {
    Tokenizer letters = decoding(List.of("a", "a", "a"));
    var model = new PrefixModel(0, 3, PROMPTS);

    List<List<Sequence>> found =
        Generator.of(GenerationConfig.beams(2).numReturnSequences(2).stopStrings("a"))
            .withTokenizer(letters)
            .generate(model, PROMPTS);

    assertEquals(PROMPTS.size(), model.rowsScored);
    found.forEach(
        sequences -> {
          assertEquals(2, sequences.size());
          sequences.forEach(sequence -> assertTrue(sequence.stopped()));
        });
  }

  @Test
  void formerBeams_lengthOfAStoppedSequence_countsItsLastToken() {
    Tokenizer letters = decoding(List.of("a", "b"));
    GenerationConfig decoding =
        GenerationConfig.beams(2)
            .beamRules(BeamRules.TRANSFORMERS_4_33)
            .stopStrings("bb")
            .maxNewTokens(3);
    var model = FixedModel.of(0.1f, 0.9f);

    Sequence best =
        Generator.of(decoding)
            .withTokenizer(letters)
            .generate(model, List.of(new int[] {0}))
            .get(0)
            .get(0);

    assertArrayEquals(new int[] {1, 1}, best.tokens());
    assertTrue(best.stopped());
    assertFalse(best.ended());
    assertEquals(2 * Math.log(0.9) / 3, best.score(), 1e-6); // a prompt of one and two tokens
  }

  @Test
  void stoppingWhen_anyCriterion_endsSequences() {
    var model = new PrefixModel(0, 7, PROMPTS);

    List<List<Sequence>> found =
        Generator.of(GenerationConfig.greedy())
            .stoppingWhen(history -> history.newTokens() == 2)
            .generate(model, PROMPTS);

    found.forEach(one -> assertEquals(2, one.get(0).tokens().length));
    assertTrue(found.get(0).get(0).stopped());
  }

  @Test
  void stopStrings_withoutATokenizer_areRefused() {
    var model = new PrefixModel(0, 7, PROMPTS);
    Generator generator = Generator.of(GenerationConfig.greedy().stopStrings("a"));

    var thrown =
        assertThrows(IllegalArgumentException.class, () -> generator.generate(model, PROMPTS));

    assertEquals(
        "generate: a tokenizer expected for stopStrings, got none; use Generator.withTokenizer",
        thrown.getMessage());
  }
}
