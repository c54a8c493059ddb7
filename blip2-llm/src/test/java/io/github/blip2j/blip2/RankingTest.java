package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.model.Convention;
import io.github.blip2j.blip2.text.CandidateRanking;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.blip2.text.QuestionPrompt;
import io.github.blip2j.blip2.text.RankedCandidate;
import io.github.blip2j.blip2.text.ScoredText;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Which of several answers the model finds likeliest, and how likely it finds any text. */
final class RankingTest {
  private static final String STAR = QuestionPrompt.ANSWER.ask("what color is the star?");
  private static final List<String> COLORS = List.of("red", "yellow", "green", "blue", "white");
  private static final BufferedImage DOT = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);

  private static Blip2 blip2;
  private static List<Image> images;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.load(Fixture.HF_OPT);
    images = Fixture.images();
  }

  @AfterAll
  static void close() {
    blip2.close();
  }

  @Test
  void score_ofGreedyText_isWhatDecodingSays() {
    for (String prompt : List.of("", "a photo of", STAR)) {
      Prompt about = Prompt.about(images.get(1), prompt);
      Generated written = blip2.generate(about, GenerationConfig.greedy()).get(0);

      ScoredText scored = blip2.score(about, written.text());

      assertTrue(written.ended(), prompt);
      assertEquals(written.tokenIds(), scored.tokenIds(), prompt);
      for (int t = 0; t < scored.tokenIds().size(); t++) {
        assertEquals(
            written.logProbabilities().get(t), scored.logProbabilities().get(t), 1e-4, prompt);
      }
      assertEquals(written.score(), scored.mean(), 1e-4, prompt);
    }
  }

  @Test
  void rank_ofColors_putsTheAnswerFirst() {
    List<RankedCandidate> ranked =
        blip2.rank(Prompt.about(images.get(1), STAR), COLORS, CandidateRanking.bySum());

    assertEquals("yellow", ranked.get(0).text());
    assertEquals(1, ranked.get(0).index());
    assertEquals(5, ranked.size());
    for (int place = 0; place < 5; place++) {
      RankedCandidate answer = ranked.get(place);
      assertEquals(COLORS.get(answer.index()), answer.text());
      ScoredText alone = blip2.score(Prompt.about(images.get(1), STAR), answer.text());
      assertEquals(alone.tokenIds(), answer.scored().tokenIds());
      assertEquals(alone.sum(), answer.sum(), 1e-4);
      assertTrue(place == 0 || ranked.get(place - 1).sum() >= answer.sum());
    }
  }

  @Test
  void rank_byMean_forgivesLength() {
    List<String> captions = List.of("a yellow", "a yellow square to the left of a green square");
    Prompt about = Prompt.about(images.get(1), "");
    ScoredText cut = blip2.score(about, captions.get(0));
    ScoredText whole = blip2.score(about, captions.get(1));

    List<RankedCandidate> bySum =
        blip2.rank(about, captions, CandidateRanking.bySum().withoutEnd());
    List<RankedCandidate> byMean = blip2.rank(about, captions, CandidateRanking.byMean());

    assertTrue(cut.mean() < whole.mean());
    assertEquals(List.of(0, 1), places(bySum));
    assertEquals(List.of(1, 0), places(byMean));
    assertEquals(whole.sum() / whole.tokenIds().size(), byMean.get(0).mean(), 1e-4);
  }

  @Test
  void rank_withoutEnd_leavesOutTheLastToken() {
    Prompt about = Prompt.about(images.get(0), "");

    RankedCandidate open =
        blip2.rank(about, List.of("a red"), CandidateRanking.bySum().withoutEnd()).get(0);

    ScoredText ended = blip2.score(about, "a red");
    assertEquals(ended.tokenIds().subList(0, 2), open.scored().tokenIds());
    assertEquals(
        ended.logProbabilities().get(0) + ended.logProbabilities().get(1), open.sum(), 1e-4);
    assertTrue(open.sum() > ended.sum());
  }

  @Test
  void rank_preselecting_keepsTheLikeliestFirstTokens() {
    List<String> candidates = List.of("yellow", "red", "blue circle", "green", "ring", "a star");
    Prompt about = Prompt.about(images.get(2), STAR);
    List<RankedCandidate> all = blip2.rank(about, candidates, CandidateRanking.bySum());
    List<Integer> likeliest =
        all.stream()
            .sorted(Comparator.comparingDouble(a -> -a.scored().logProbabilities().get(0)))
            .map(RankedCandidate::index)
            .limit(3)
            .toList();

    List<RankedCandidate> kept =
        blip2.rank(about, candidates, CandidateRanking.bySum().preselecting(3));

    assertEquals(3, kept.size());
    assertEquals(
        places(all).stream().filter(likeliest::contains).toList(),
        places(kept),
        likeliest::toString);
    assertEquals(
        places(all),
        places(blip2.rank(about, candidates, CandidateRanking.bySum().preselecting(99))));
  }

  @Test
  void rank_duplicates_areEqualInTheOrderGiven() {
    List<String> candidates = List.of("red", "yellow", " red ", "yellow");

    List<RankedCandidate> ranked =
        blip2.rank(Prompt.about(images.get(1), STAR), candidates, CandidateRanking.bySum());

    assertEquals(List.of(1, 3, 0, 2), places(ranked));
    assertEquals(ranked.get(0).sum(), ranked.get(1).sum());
    assertEquals(" red ", ranked.get(3).text());
  }

  @Test
  void rank_spaceBeforeTheAnswer_isOneHoweverThePromptEnds() {
    RankedCandidate afterColon = only(Prompt.about(images.get(1), STAR), "yellow");
    RankedCandidate first = only(Prompt.about(images.get(1), ""), "yellow");
    RankedCandidate afterSpace = only(Prompt.about(images.get(1), STAR + " "), "yellow");

    assertEquals(" yellow", decoded(afterColon));
    assertEquals("yellow", decoded(first));
    assertEquals("yellow", decoded(afterSpace));
  }

  @Test
  void rank_severalPrompts_equalsOneByOne() {
    List<Prompt> prompts =
        List.of(
            Prompt.about(images.get(0), STAR),
            Prompt.of(images.get(1)).image(images.get(2)).text("a photo of"),
            Prompt.about(images.get(1), ""));

    List<List<RankedCandidate>> together = blip2.rank(prompts, COLORS, CandidateRanking.byMean());

    for (int b = 0; b < prompts.size(); b++) {
      List<RankedCandidate> alone = blip2.rank(prompts.get(b), COLORS, CandidateRanking.byMean());
      assertEquals(places(alone), places(together.get(b)));
      for (int place = 0; place < COLORS.size(); place++) {
        assertEquals(alone.get(place).sum(), together.get(b).get(place).sum(), 1e-4);
      }
    }
  }

  @Test
  void rank_oneImageLookedAtOnce_equalsPrompts() {
    List<String> words = List.of(STAR, "a photo of", "");
    List<Prompt> prompts = words.stream().map(text -> Prompt.about(images.get(1), text)).toList();

    try (ImageFeatures features = blip2.encode(images.subList(1, 2))) {
      assertEquals(
          blip2.rank(prompts, COLORS, CandidateRanking.bySum()),
          blip2.rank(features, words, COLORS, CandidateRanking.bySum()));
      assertSays(
          IllegalArgumentException.class,
          "rank: prompts expected one for each of 1 images, got 0",
          () -> blip2.rank(features, List.of(), COLORS, CandidateRanking.bySum()));
    }
  }

  @Test
  void features_ofAnotherModel_areRefused() throws IOException {
    // Of the same sizes, by which no one could tell.
    try (var other = Blip2.load(Fixture.HF_OPT);
        ImageFeatures features = other.encode(images.subList(0, 1))) {
      assertSays(
          IllegalArgumentException.class,
          "rank: features expected of this model, got another's; encode the images with it",
          () -> blip2.rank(features, List.of(""), COLORS, CandidateRanking.bySum()));
      assertSays(
          IllegalArgumentException.class,
          "generate: features expected of this model, got another's; encode the images with it",
          () -> blip2.generate(features, List.of(""), GenerationConfig.greedy()));
    }
  }

  @Test
  void features_ofAnotherConvention_areRefused() {
    Blip2 lavis = blip2.withConvention(Convention.LAVIS);
    try (ImageFeatures features = blip2.encode(images.subList(0, 1))) {
      assertSays(
          IllegalArgumentException.class,
          "rank: features expected of convention LAVIS, got HF; encode the images as LAVIS does",
          () -> lavis.rank(features, List.of(""), COLORS, CandidateRanking.bySum()));
      assertEquals(
          COLORS.size(),
          lavis
              .withConvention(Convention.HF)
              .rank(features, List.of(""), COLORS, CandidateRanking.bySum())
              .get(0)
              .size());
    }
  }

  @Test
  void rank_thousandsOfTokens_takesTheMemoryOfHundreds() {
    List<String> many = new ArrayList<>();
    for (int i = 0; i < 300; i++) { // of one length, so that every batch is as large
      String side = i / 25 % 2 == 0 ? "left" : "right";
      String shape = List.of("ring", "star", "cross", "circle", "square", "triangle").get(i / 50);
      many.add(
          String.format(
              Locale.ROOT,
              "a %s square to the %s of a %s %s",
              COLORS.get(i % 5),
              side,
              COLORS.get(i / 5 % 5),
              shape));
    }
    Prompt about = Prompt.about(images.get(1), "");
    int read = blip2.score(about, many.get(0)).tokenIds().size() - 1; // the last is not
    int full = 512 / read;
    long used = TensorMemory.usedBytes();
    TensorMemory.trim();
    blip2.rank(about, many.subList(0, 2 * full), CandidateRanking.bySum());
    long held = TensorMemory.totalBytes();

    List<RankedCandidate> ranked =
        blip2.rank(about, many.subList(0, 5 * full), CandidateRanking.bySum());

    assertTrue(5 * full * read > 2000, full + " texts at once");
    assertEquals(5 * full, ranked.size());
    assertEquals(used, TensorMemory.usedBytes());
    assertTrue(
        TensorMemory.totalBytes() <= held + (held >> 4),
        held + " -> " + TensorMemory.totalBytes() + " bytes");
    assertNotEquals(ranked.get(0).sum(), ranked.get(5 * full - 1).sum());
  }

  @Test
  void rank_candidatesThatCannotBe_areNamed() {
    CandidateRanking order = CandidateRanking.bySum();
    assertSays(
        IllegalArgumentException.class,
        "rank: candidates expected at least 1, got 0",
        () -> blip2.rank(Image.of(DOT), "", List.of(), order));
    assertSays(
        IllegalArgumentException.class,
        "rank: candidates[1] expected text, got a blank",
        () -> blip2.rank(Image.of(DOT), "", List.of("a", " \n"), order));
    assertSays(
        IllegalArgumentException.class,
        "generate: prompt expected text, got the token <image>, which stands for the image;"
            + " leave it out",
        () -> blip2.rank(Image.of(DOT), "", List.of("an <image>"), order));
    assertSays(
        IllegalArgumentException.class,
        "rank: candidates[1] expected at most 118 tokens after a prompt of 3, got 201; shorten"
            + " either",
        () -> blip2.rank(Image.of(DOT), "a a", List.of("a", "a ".repeat(200)), order));
    assertSays(
        IllegalArgumentException.class,
        "rank: prompt of 301 tokens and 8 of the image exceed maxPositions=128; shorten the prompt",
        () -> blip2.rank(Image.of(DOT), " a".repeat(300).strip(), List.of("a"), order));
    assertSays(
        IllegalArgumentException.class,
        "rank: preselecting expected 1 candidate or more, got 0",
        () -> order.preselecting(0));
    assertSays(
        IllegalArgumentException.class,
        "score: text expected text, got a blank",
        () -> blip2.score(Image.of(DOT), "", ""));
  }

  @Test
  @SuppressWarnings("NullAway") // callers outside the null checker
  void calls_withNull_nameIt() {
    CandidateRanking order = CandidateRanking.bySum();
    List<String> one = List.of("a");
    assertNull("rank: image expected, got null", () -> blip2.rank((Image) null, "", one, order));
    assertNull(
        "rank: prompt expected, got null", () -> blip2.rank(Image.of(DOT), null, one, order));
    assertNull(
        "rank: candidates expected, got null", () -> blip2.rank(Image.of(DOT), "", null, order));
    assertNull(
        "rank: candidate expected, got null",
        () -> blip2.rank(Image.of(DOT), "", Arrays.asList("a", null), order));
    assertNull("rank: order expected, got null", () -> blip2.rank(Image.of(DOT), "", one, null));
    assertNull("score: text expected, got null", () -> blip2.score(Image.of(DOT), "", null));
    assertNull("score: prompt expected, got null", () -> blip2.score((Prompt) null, "a"));
  }

  private static RankedCandidate only(Prompt prompt, String candidate) {
    return blip2.rank(prompt, List.of(candidate), CandidateRanking.bySum().withoutEnd()).get(0);
  }

  private static String decoded(RankedCandidate answer) {
    return blip2
        .tokenizer()
        .decodeAll(answer.scored().tokenIds().stream().mapToInt(id -> id).toArray());
  }

  private static List<Integer> places(List<RankedCandidate> ranked) {
    return ranked.stream().map(RankedCandidate::index).toList();
  }

  private static void assertNull(String message, Executable call) {
    assertSays(NullPointerException.class, message, call);
  }

  private static void assertSays(
      Class<? extends RuntimeException> type, String message, Executable call) {
    assertEquals(message, assertThrows(type, call).getMessage());
  }
}
