package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.logits.TokenLogProbability;
import io.github.blip2j.text.Tokenizer;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Stop strings and the likeliest tokens, through the facade. */
final class StoppedTextsTest {
  private static Blip2 blip2;
  private static List<Image> images;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.load(Fixture.HF_OPT);
    images = new ArrayList<>();
    for (var picture : Fixture.pictures()) {
      images.add(blip2.read(picture));
    }
  }

  @AfterAll
  static void close() {
    blip2.close();
  }

  /** Every part of the text of up to five characters, wherever tokens begin and end. */
  private static List<String> parts(String text) {
    List<String> parts = new ArrayList<>();
    for (int begin = 0; begin < text.length(); begin++) {
      for (int end = begin + 1; end <= Math.min(text.length(), begin + 5); end += 2) {
        parts.add(text.substring(begin, end));
      }
    }
    return parts;
  }

  @Test
  void generate_anyPartAsStop_isTheWholeTextCutAndNoMoreTokensThanItTakes() {
    GenerationConfig config = GenerationConfig.greedy();
    for (Image image : images) {
      Generated whole = blip2.generate(image, "", config).get(0);
      for (String stop : parts(whole.text())) {
        List<Integer> told = new ArrayList<>();
        Generated found =
            blip2
                .generate(
                    List.of(Prompt.about(image, "")),
                    config.stopStrings(stop),
                    (row, token) -> told.add(token))
                .get(0)
                .get(0);

        assertEquals(whole.text().substring(0, whole.text().indexOf(stop)), found.text(), stop);
        assertTrue(found.ended());
        assertEquals(found.tokenIds(), told);
        assertEquals(whole.tokenIds().subList(0, told.size()), told);
        assertEquals(steps(whole.tokenIds(), stop), told.size(), "'" + stop + "'");
      }
    }
  }

  /** The number of tokens whose text has the string, one more where its end could still change. */
  private static int steps(List<Integer> tokens, String stop) {
    Tokenizer tokenizer = blip2.tokenizer();
    for (int n = 1; n <= tokens.size(); n++) {
      int[] some = tokens.subList(0, n).stream().mapToInt(Integer::intValue).toArray();
      String text = tokenizer.decode(some).stripLeading();
      if (text.contains(stop) && !text.endsWith(" n")) {
        return n;
      }
    }
    return tokens.size();
  }

  @Test
  void generate_aBatchOfWhichOneRowStops_leavesTheOthersAlone() {
    GenerationConfig config = GenerationConfig.greedy();
    List<Prompt> prompts = images.stream().map(image -> Prompt.about(image, "")).toList();

    List<List<Generated>> whole = blip2.generate(prompts, config);
    List<List<Generated>> found = blip2.generate(prompts, config.stopStrings("square to", "rin"));

    for (int i = 0; i < prompts.size(); i++) {
      String text = whole.get(i).get(0).text();
      int end = Math.max(text.indexOf("square to"), text.indexOf("rin"));
      assertEquals(end < 0 ? text : text.substring(0, end), found.get(i).get(0).text());
    }
    assertEquals(whole.get(0).get(0), found.get(0).get(0), "a red circle has none of them");
  }

  @Test
  void generate_afterAPrompt_cutsTheWholeTextToo() {
    Generated found =
        blip2
            .generate(images.get(1), "a yellow", GenerationConfig.greedy().stopStrings("of"))
            .get(0);

    assertEquals("square to the left ", found.text());
    assertEquals("a yellow square to the left ", found.textWithPrompt());
  }

  /** A text that stops competes with longer ones, by its score over its own length. */
  @Test
  void generate_beams_areFinishedWhereTheyStop() {
    GenerationConfig config = GenerationConfig.beams(3).numReturnSequences(3);

    List<Generated> found = blip2.generate(images.get(1), "", config.stopStrings("square"));

    List<String> texts = found.stream().map(Generated::text).toList();
    assertTrue(texts.contains("a yellow "), texts::toString);
    for (Generated one : found) {
      assertEquals(-1, one.text().indexOf("square"), one.text());
      double sum = one.logProbabilities().stream().mapToDouble(x -> x).sum();
      assertEquals(sum / one.tokenIds().size(), one.score(), 1e-5);
    }
  }

  @Test
  void stream_anyPartAsStop_tellsNothingOfIt() {
    GenerationConfig config = GenerationConfig.greedy();
    Generated whole = blip2.generate(images.get(1), "", config).get(0);
    for (String stop : parts(whole.text())) {
      List<String> pieces = new ArrayList<>();

      Generated found = blip2.stream(images.get(1), "", config.stopStrings(stop), pieces::add);

      assertEquals(whole.text().substring(0, whole.text().indexOf(stop)), found.text());
      assertEquals(found.text(), String.join("", pieces), "'" + stop + "'");
    }
  }

  @Test
  void generate_withTheLikeliestTokens_hasTheChosenAmongThem() {
    GenerationConfig config = GenerationConfig.greedy().topLogProbabilities(3);

    Generated found = blip2.generate(images.get(0), "", config).get(0);

    assertEquals(found.tokenIds().size(), found.topLogProbabilities().size());
    for (int t = 0; t < found.tokenIds().size(); t++) {
      List<TokenLogProbability> top = found.topLogProbabilities().get(t);
      assertEquals(3, top.size());
      assertEquals(found.tokenIds().get(t), top.get(0).token());
      assertEquals(found.logProbabilities().get(t), top.get(0).logProbability(), 1e-6);
    }
  }
}
