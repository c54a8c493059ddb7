package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.blip2.text.Prompt;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.llm.t5.T5Config;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What InstructBLIP writes, against transformers 5.18 and against itself: tokens and texts are
 * identical, beam scores agree to 1e-4 of their size.
 */
final class InstructBlipDecodingParityTest {
  private static final double SCORES = 1e-4;
  private static final double BATCH = 1e-5;
  private static final double HIDDEN = 1e-4;

  static Stream<Path> folders() {
    return InstructFolder.all().stream();
  }

  static Stream<Path> foldersWithMore() {
    return InstructFolder.withMore().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void decoding_everyCase_equalsReference(Path folder) throws IOException {
    try (var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder)) {
      List<Image> images = Blip2Folder.images(folder);
      List<Executable> checks = new ArrayList<>();
      for (DecodingCase expected : InstructFolder.cases(folder)) {
        checks.add(() -> assertWrites(blip2, golden, images, expected));
      }
      assertAll(checks);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void everyBatch_equalsOneByOne(Path folder) throws IOException {
    List<String> prompts = List.of("", "describe the picture", "what color is the ring?");
    GenerationConfig decoding = GenerationConfig.beams(3).maxNewTokens(10).numReturnSequences(2);
    try (var blip2 = Blip2.load(folder);
        ImageFeatures one = blip2.encode(Blip2Folder.images(folder).subList(0, 1));
        ImageFeatures all =
            blip2.encode(Collections.nCopies(3, Blip2Folder.images(folder).get(0)))) {
      List<List<Generated>> together = blip2.generate(all, prompts, decoding);

      assertSame(together, blip2.generate(one, prompts, decoding));
      for (int i = 0; i < prompts.size(); i++) {
        List<List<Generated>> alone = blip2.generate(one, prompts.subList(i, i + 1), decoding);
        assertSame(together.subList(i, i + 1), alone);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foldersWithMore")
  void video_framesUnderOneInstruction_equalReference(Path folder) throws IOException {
    JsonObject video = InstructFolder.video(folder);
    String prompt = video.get("prompt").getAsString();
    try (var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder);
        var more = InstructFolder.more(folder);
        var scope = Scope.open()) {
      List<Image> frames = Blip2Folder.images(folder).subList(0, 2);
      Tensor seen =
          blip2
              .model()
              .imagePrompt(
                  blip2.pixels(frames),
                  blip2.instructions(List.of(prompt, prompt)),
                  ForwardPass.evaluation());

      Generated written =
          blip2
              .generate(Prompt.video(frames, prompt), GenerationConfig.beams(3).maxNewTokens(14))
              .get(0);

      more.assertClose("video.language_projection", seen, HIDDEN);
      assertEquals(video.get("text").getAsString().strip(), written.text());
      List<Integer> tokens = new ArrayList<>();
      video.getAsJsonArray("sequence").forEach(id -> tokens.add(id.getAsInt()));
      assertEquals(tokens.subList(1, tokens.size()), written.tokenIds());
      double apart = Math.abs(video.get("score").getAsDouble() - written.score());
      golden.assertWithin("video", "sequences_scores", apart, SCORES);
    }
  }

  private static void assertSame(List<List<Generated>> expected, List<List<Generated>> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      for (int k = 0; k < expected.get(i).size(); k++) {
        Generated one = expected.get(i).get(k);
        Generated other = actual.get(i).get(k);
        assertEquals(one.tokenIds(), other.tokenIds());
        assertEquals(one.score(), other.score(), BATCH * Math.max(1, Math.abs(one.score())));
      }
    }
  }

  /** That a model writes what the reference has written in this case. */
  static void assertWrites(Blip2 blip2, Golden golden, List<Image> images, DecodingCase expected) {
    List<Image> asked = expected.images().stream().map(images::get).toList();
    List<String> prompts = expected.prompts();
    // The reference has nothing to say to no text at all; the empty text is what it is compared to.
    List<String> words = prompts == null ? Collections.nCopies(asked.size(), "") : prompts;
    try (ImageFeatures features = blip2.encode(asked)) {
      List<Generated> written =
          blip2.generate(features, words, expected.decoding(1)).stream()
              .flatMap(List::stream)
              .toList();
      assertEquals(expected.sequences().size(), written.size(), expected.name());
      for (int i = 0; i < written.size(); i++) {
        assertWritten(blip2, golden, expected, i, written.get(i));
      }
    }
  }

  private static void assertWritten(
      Blip2 blip2, Golden golden, DecodingCase expected, int row, Generated written) {
    String where = expected.name() + " row " + row;
    List<Integer> reference = expected.sequences().get(row);
    var text = (T5Config) blip2.model().config().text();
    int end = 1 + written.tokenIds().size();
    assertEquals(text.startId(), reference.get(0), where);
    assertEquals(reference.subList(1, end), written.tokenIds(), where);
    for (int filler : reference.subList(end, reference.size())) {
      // Beams take a padding id of 0 for none and fill with the end token instead.
      assertEquals(true, filler == text.padId() || text.endIds().contains(filler), where);
    }
    assertEquals(expected.texts().get(row).strip(), written.text(), where);
    List<Double> scores = expected.scores();
    if (scores != null) {
      double size = Math.max(1, Math.abs(scores.get(row)));
      double apart = Math.abs(scores.get(row) - written.score()) / size;
      golden.assertWithin(where, "sequences_scores", apart, SCORES);
    }
  }
}
