package io.github.blip2j.cli.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class CaptionCommandTest {
  private static final String CIRCLE = Shell.image("a.png");
  private static final String SQUARES = Shell.image("b.png");
  private static final String RING = Shell.image("c.png");

  @Test
  void caption_oneImage_printsTextAlone() {
    assertEquals(new Shell(0, "a red circle\n", ""), Shell.golden("caption", CIRCLE));
  }

  @Test
  void caption_severalImages_namesEach() {
    Shell shell = Shell.golden("caption", CIRCLE, SQUARES);

    String expected =
        String.format(
            Locale.ROOT,
            "%s: a red circle\n%s: a yellow square to the left of a green square\n",
            CIRCLE,
            SQUARES);
    assertEquals(new Shell(0, expected, ""), shell);
  }

  @Test
  void caption_standardInput_isRead() throws Exception {
    assertEquals(
        "a red circle\n", Shell.golden(Files.readAllBytes(Path.of(CIRCLE)), "caption", "-").out());
  }

  @Test
  void json_hasTheDocumentedShape() {
    JsonObject document = Shell.golden("caption", CIRCLE, "--json").json();

    assertEquals(List.of("model", "results", "timing_ms"), List.copyOf(document.keySet()));
    assertEquals(Shell.GOLDEN, document.get("model").getAsString());
    JsonArray results = document.getAsJsonArray("results");
    assertEquals(1, results.size());
    JsonObject result = results.get(0).getAsJsonObject();
    assertEquals(List.of("image", "prompt", "sequences"), List.copyOf(result.keySet()));
    assertEquals(CIRCLE, result.get("image").getAsString());
    assertEquals("", result.get("prompt").getAsString());
    JsonObject sequence = result.getAsJsonArray("sequences").get(0).getAsJsonObject();
    assertEquals(List.of("text", "token_ids", "score"), List.copyOf(sequence.keySet()));
    assertEquals("a red circle", sequence.get("text").getAsString());
    assertEquals("[68,350,329,2]", sequence.get("token_ids").toString());
    assertEquals(-0.1932, sequence.get("score").getAsDouble(), 1e-4);
  }

  @Test
  void json_timings_addUp() {
    JsonObject timing =
        Shell.golden("caption", CIRCLE, RING, "--json").json().getAsJsonObject("timing_ms");

    Set<String> stages = Set.of("load", "preprocess", "vision_qformer", "generate");
    double sum = stages.stream().mapToDouble(stage -> timing.get(stage).getAsDouble()).sum();
    assertTrue(sum <= timing.get("total").getAsDouble(), timing::toString);
    double tokens = 15; // 4 of the circle and 11 of the ring, ends included
    double all = tokens * timing.get("per_token").getAsDouble();
    double rounding = 0.005; // milliseconds have two decimals
    assertEquals(timing.get("generate").getAsDouble(), all, (tokens + 1) * rounding);
    assertEquals(6, timing.size());
  }

  @Test
  void prompt_isContinuedAndEchoedOnRequest() {
    Shell plain = Shell.golden("caption", CIRCLE, "--prompt", "a photo of", "--json");
    Shell echoed = Shell.golden("caption", CIRCLE, "--prompt", "a photo of", "--echo");

    assertEquals(List.of("a red circle"), plain.texts());
    assertEquals("a photo of a red circle\n", echoed.out());
  }

  @Test
  void numBeamsAndNumReturn_giveTheBeams() {
    Shell shell =
        Shell.golden("caption", CIRCLE, "--num-beams", "4", "--num-return", "3", "--json");

    assertEquals(List.of("a red circle", "a red square", "a red cross"), shell.texts());
    assertEquals(-0.193201, shell.firstSequence().get("score").getAsDouble(), 1e-4);
  }

  @Test
  void lengthPenalty_changesTheWinner() {
    String[] beams = {"caption", SQUARES, "--num-beams=5", "--max-new-tokens=12", "--json"};

    assertEquals(List.of("a yellow square to the left of a green square"), texts(beams));
    assertEquals(
        List.of("a yellow square above a green square"), texts(beams, "--length-penalty=-1"));
  }

  @Test
  void maxNewTokens_cutsTheText() {
    assertEquals(List.of("a red"), texts(captionOf(CIRCLE), "--max-new-tokens", "2"));
  }

  @Test
  void minNewTokens_forbidsAnEarlyEnd() {
    String[] beams = {"caption", CIRCLE, "--num-beams=3", "--max-new-tokens=12", "--json"};

    assertEquals(
        List.of("a red circle to the right of a white ring"), texts(beams, "--min-new-tokens=8"));
  }

  @Test
  void repetitionPenalty_changesTheText() {
    assertEquals(
        List.of("a yellow square to the left of a green circle"),
        texts(captionOf(SQUARES), "--repetition-penalty", "1.5", "--max-new-tokens", "12"));
  }

  @Test
  void stop_endsTheTextBeforeIt() {
    assertEquals("a y\n", Shell.golden("caption", SQUARES, "--stop", "ellow squ").out());
    assertEquals("a y\n", Shell.golden("caption", SQUARES, "--stop", "ellow", "--stream").out());
    JsonArray ids =
        Shell.golden(with(captionOf(SQUARES), "--stop", "re to"))
            .firstSequence()
            .getAsJsonArray("token_ids");
    assertTrue(ids.size() < 6, ids::toString);
    assertEquals(
        new Shell(2, "", "blip2: decoding: --stop expected with text, got an empty one\n"),
        Shell.golden("caption", SQUARES, "--stop", ""));
  }

  @Test
  void noRepeatNgramSize_ofOne_forbidsEveryRepetition() {
    JsonArray ids =
        Shell.golden(with(captionOf(SQUARES), "--no-repeat-ngram-size", "1"))
            .firstSequence()
            .getAsJsonArray("token_ids");

    assertEquals(ids.size(), Set.copyOf(ids.asList()).size(), ids::toString);
  }

  @Test
  void earlyStopping_withoutValue_leavesTheImageAlone() {
    Shell shell = Shell.golden("caption", "--num-beams", "5", "--early-stopping", CIRCLE);

    assertEquals(new Shell(0, "a red circle\n", ""), shell);
  }

  @Test
  void earlyStopping_never_isAccepted() {
    assertEquals(
        0, Shell.golden("caption", CIRCLE, "--num-beams=2", "--early-stopping=never").exit());
  }

  @Test
  void sample_equalSeeds_giveEqualTexts() {
    String[] sample = with(captionOf(RING), "--sample", "--num-return", "4", "--temperature", "3");

    List<String> texts = texts(sample, "--seed", "7");

    assertEquals(4, texts.size());
    assertEquals(texts, texts(sample, "--seed", "7"));
    assertNotEquals(texts, texts(sample, "--seed", "8"));
  }

  @Test
  void sample_topKOfOneOrTinyTopP_isGreedy() {
    String[] sample = with(captionOf(RING), "--sample", "--temperature", "3");
    List<String> greedy = List.of("a green triangle to the left of a white ring");

    assertEquals(greedy, texts(sample, "--top-k", "1"));
    assertEquals(greedy, texts(sample, "--top-p", "1e-9"));
  }

  @Test
  void dtype_bfloat16_roundsTheWeights() {
    double exact = Shell.golden(captionOf(CIRCLE)).firstSequence().get("score").getAsDouble();
    double rounded =
        Shell.golden(with(captionOf(CIRCLE), "--dtype", "bfloat16"))
            .firstSequence()
            .get("score")
            .getAsDouble();

    assertNotEquals(exact, rounded);
    assertEquals(exact, rounded, 0.1);
  }

  @Test
  void stream_printsTheSameText() {
    assertEquals("a red circle\n", Shell.golden("caption", CIRCLE, "--stream").out());
  }

  @Test
  void stream_severalImages_namesAndEchoes() {
    Shell shell =
        Shell.golden("caption", CIRCLE, RING, "--stream", "--prompt", "a photo of", "--echo");

    assertEquals(CIRCLE + ": a photo of a red circle", shell.out().lines().findFirst().orElse(""));
    assertEquals(2, shell.out().lines().count());
  }

  @Test
  void optionsWithoutEffect_areMentioned() {
    Shell shell = Shell.golden("caption", CIRCLE, "--top-p", "0.9", "--length-penalty", "2");

    assertEquals(
        """
        blip2: --top-p has no effect without --sample
        blip2: --length-penalty has no effect without --num-beams
        """,
        shell.err());
    assertEquals(0, shell.exit());
  }

  private static String[] captionOf(String image) {
    return new String[] {"caption", image, "--json"};
  }

  private static List<String> texts(String[] args, String... more) {
    return Shell.golden(with(args, more)).texts();
  }

  private static String[] with(String[] args, String... more) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }
}
