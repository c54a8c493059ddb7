package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonObject;
import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.TensorMemory;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.qformer.GradCam;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What the facade of the first stage says when it is used otherwise. */
final class ImageTextMatcherMisuseTest {
  private static final Path FOLDER = Fixtures.own("hf-itm");

  @TempDir Path folder;
  private static ImageTextMatcher matcher;
  private static Image image;

  @BeforeAll
  static void load() throws IOException {
    matcher = ImageTextMatcher.load(FOLDER);
    image = StageOneFolder.images(matcher, FOLDER, 1).get(0);
  }

  @AfterAll
  static void close() {
    matcher.close();
  }

  @Test
  @SuppressWarnings("NullAway") // on purpose
  void anyCall_null_namesWhatIsMissing() {
    assertNull("load: path expected, got null", () -> ImageTextMatcher.load(null));
    assertNull(
        "load: precision expected, got null",
        () -> ImageTextMatcher.load(FOLDER, (Precision) null));
    assertNull("match: text expected, got null", () -> matcher.match(image, (String) null));
    assertNull("match: image expected, got null", () -> matcher.match((Image) null, "a dog"));
    assertNull("embed: text expected, got null", () -> matcher.embed((String) null));
    assertNull("embed: image expected, got null", () -> matcher.embed((Image) null));
    assertNull("gradCam: text expected, got null", () -> matcher.gradCam(image, null));
    assertNull("features: images expected, got null", () -> matcher.features().images(null));
    assertNull("caption: decoding expected, got null", () -> matcher.caption(List.of(image), null));
  }

  @Test
  void anyCall_nothing_isRefused() {
    assertSays("match: texts expected at least 1, got 0", () -> matcher.match(image, List.of()));
    assertSays(
        "match: texts expected one for each of 1 images, got 2",
        () -> matcher.matchPairs(List.of(image), List.of("a", "b")));
  }

  @Test
  void features_textBeyondPositions_isRefused() {
    assertSays(
        "features: text expected at most 64 tokens, got 72; shorten it",
        () -> matcher.features().texts(List.of("a ".repeat(70))));
  }

  @Test
  void match_tokenOfTheImage_isRefused() throws IOException {
    copyWithImageToken();
    try (var placed = ImageTextMatcher.load(folder)) {
      assertSays(
          "match: text expected text, got the token <image>, which stands for the image; leave it"
              + " out",
          () -> placed.match(image, "a <image> dog"));
      assertEquals(matcher.match(image, "a dog"), placed.match(image, "a dog"));
    }
  }

  @Test
  void explain_layerThatReadsNoImage_isRefused() {
    assertSays(
        "gradCam: layer expected among those that attend to the image, [0, 2], got 1",
        () -> matcher.gradCam(image, "a dog").relevance(1));
  }

  @Test
  void gradCam_underNoGrad_isRefused() {
    try (var scope = Scope.open();
        var off = GradMode.noGrad()) {
      Tensor seen = Tensor.zeros(DType.FLOAT32, 1, 37, 64);
      TextBatch text = TextBatch.of(List.of(new int[] {2, 3}), 0);
      assertSays(
          "GradCam: gradients expected to be recorded, got a call under noGrad; leave that block",
          () -> GradCam.of(matcher.model().qformer(), seen, text));
    }
  }

  @Test
  void write_modelWithoutTheHead_isRefused() {
    assertSays(
        "Blip2Qformer: captioning head expected, got a model for retrieval only; load a LAVIS"
            + " checkpoint",
        () -> matcher.caption(image));
  }

  @Test
  void write_longestBeyondPositions_isRefused() throws IOException {
    Path lavis = Fixtures.own("lavis-stage1");
    try (var writer = ImageTextMatcher.load(lavis)) {
      assertSays(
          "caption: minNewTokens expected at most 64, got 80",
          () ->
              writer.caption(
                  List.of(image), GenerationConfig.greedy().maxNewTokens(99).minNewTokens(80)));
    }
  }

  @Test
  void anyCall_closed_isRefused() throws IOException {
    var closed = ImageTextMatcher.load(FOLDER);
    closed.close();
    closed.close();

    String says = "matcher: open model expected, got closed; close after the last use";
    assertSays(says, () -> closed.match(image, "a dog"));
    assertSays(says, () -> closed.embed("a dog"));
    assertSays(says, () -> closed.embed(image));
    assertSays(says, () -> closed.gradCam(image, "a dog"));
  }

  @Test
  void index_closed_isRefused() throws IOException {
    var closed = matcher.index(folder);
    closed.addImage(image);
    closed.close();
    closed.close();

    String says = "retrieval: open index expected, got closed; close after the last use";
    assertSays(says, () -> closed.addImage(image));
    assertSays(says, () -> closed.addTexts(List.of("a dog")));
    assertSays(says, () -> closed.search("a dog", 1));
  }

  @Test
  void load_withoutTokenizer_saysWhichBelongsThere() throws IOException {
    Path lavis = Fixtures.own("lavis-stage1");
    Files.copy(lavis.resolve("model.json"), folder.resolve("model.json"));
    Path file = Files.copy(lavis.resolve("checkpoint.pth"), folder.resolve("a.pth"));
    String says =
        folder
            + ": tokenizer.json expected beside the weights, got none; copy bert-base-uncased's"
            + " there";

    assertSays(says, () -> ImageTextMatcher.load(folder));
    assertSays(says, () -> ImageTextMatcher.load(file));
  }

  @Test
  void load_nothing_isRefused() {
    Path nowhere = folder.resolve("nowhere");

    assertSays(
        nowhere + ": model expected, got nothing; check the path",
        () -> ImageTextMatcher.load(nowhere));
  }

  @Test
  void load_modelThatWrites_namesTheCommandsForIt() {
    long used = TensorMemory.usedBytes();
    Path writes = Fixtures.own("hf-opt");

    var thrown = assertThrows(CheckpointException.class, () -> ImageTextMatcher.load(writes));

    assertEquals(
        "config.json: architectures expected Blip2ForImageTextRetrieval, got"
            + " Blip2ForConditionalGeneration, which generates texts and compares none; use blip2"
            + " caption, vqa or Blip2",
        thrown.getMessage());
    assertEquals(used, TensorMemory.usedBytes());
  }

  @Test
  void load_modelThatDoesNotTellItsArchitecture_isSeenByItsQFormer() throws IOException {
    Fixture.copyTo(Fixtures.own("hf-opt"), folder);
    Fixture.editJson(folder.resolve("config.json"), json -> json.remove("architectures"));

    assertEquals(
        "config.json: qformer_config.use_qformer_text_input expected true, got false; captions and"
            + " questions are for blip2 caption and vqa",
        assertThrows(CheckpointException.class, () -> ImageTextMatcher.load(folder)).getMessage());
  }

  @Test
  void match_textBeyondThePositions_isRefused() {
    String text = "a dog ".repeat(40);

    assertEquals(
        "match: text expected at most 64 tokens, got 82; shorten it",
        assertThrows(IllegalArgumentException.class, () -> matcher.match(image, text))
            .getMessage());
    assertEquals(82, matcher.length(text).tokens());
  }

  @Test
  void withMaxTextTokens_beyondThePositions_isRefused() {
    for (int most : new int[] {1, 65}) {
      assertEquals(
          "matcher: maxTextTokens expected 2 to 64, got " + most,
          assertThrows(IllegalArgumentException.class, () -> matcher.withMaxTextTokens(most))
              .getMessage());
    }
  }

  @Test
  void index_null_namesWhatIsMissing() throws IOException {
    try (var index = matcher.index(folder)) {
      assertNull("retrieval: text expected, got null", () -> index.search(nothing(), 1));
      assertSays("retrieval: images expected at least 1, got 0", () -> index.addImages(List.of()));
    }
  }

  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // on purpose
  private static <T> T nothing() {
    return null;
  }

  /** As newer processors store it: a token after the last word, for which there is no row. */
  private void copyWithImageToken() throws IOException {
    try (var files = Files.list(FOLDER)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Fixture.editJson(
        folder.resolve("tokenizer.json"),
        json -> {
          JsonObject image =
              json.getAsJsonArray("added_tokens").get(0).getAsJsonObject().deepCopy();
          image.addProperty("id", matcher.model().config().qformer().bert().vocabSize());
          image.addProperty("content", "<image>");
          json.getAsJsonArray("added_tokens").add(image);
        });
  }

  private static void assertNull(String message, Executable call) {
    assertEquals(message, assertThrows(NullPointerException.class, call).getMessage());
  }

  private static void assertSays(String message, Executable call) {
    assertEquals(message, assertThrows(Exception.class, call).getMessage());
  }
}
