package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * BLIP-2 with OPT against transformers 5.18, stage by stage, for every folder of that kind.
 *
 * <p>Tolerances are what float32 reaches on another library: 1e-4 for hidden states, 2e-4 for
 * logits. {@link HuggingFaceOptDecodingParityTest} goes on from there.
 */
final class HuggingFaceOptParityTest {
  static Stream<Path> folders() {
    return OptFolder.all().stream();
  }

  static Stream<Path> foldersWithLargePictures() {
    return OptFolder.all().stream()
        .filter(folder -> OptFolder.holds(folder, "vision_large.last_hidden_state"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void pixels_fromImageFiles_equalReference(Path folder) throws IOException {
    ParityStages.assertPixels(folder);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void stages_fromPixels_equalReference(Path folder) throws IOException {
    ParityStages.assertStages(folder);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foldersWithLargePictures")
  void vision_ofLargerPictures_equalsReference(Path folder) throws IOException {
    ParityStages.assertVisionOfLargerPictures(folder);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void logits_ofPaddedPrompts_equalReference(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      var model = (Blip2Opt) loaded.model();
      Tensor prompt = model.imagePrompt(golden.get("pixel_values"), Pass.evaluation());
      PromptBatch text = prompts(golden, model.config().queryTokens(), loaded.padId());

      Tensor logits = model.logits(prompt, text, Pass.evaluation());

      assertCountedRowsClose(golden, logits, text, model.config().queryTokens());
    }
  }

  /** The words of each prompt: what its mask counts, after the image's places if it shows them. */
  private static PromptBatch prompts(Golden golden, int queries, int padId) {
    int[][] ids = ParityStages.rows(golden.get("prompt.input_ids"));
    int[][] mask = ParityStages.rows(golden.get("prompt.attention_mask"));
    boolean shown = golden.get("forward.logits").dim(1) == ids[0].length;
    List<int[]> prompts = new ArrayList<>();
    for (int b = 0; b < ids.length; b++) {
      int[] row = ids[b];
      int[] counts = mask[b];
      int from = shown ? queries : 0;
      prompts.add(
          IntStream.range(from, row.length).filter(t -> counts[t] == 1).map(t -> row[t]).toArray());
    }
    return PromptBatch.of(prompts, padId, Side.LEFT);
  }

  /** Padding's own scores mean nothing; every other position must agree, the k-th to the k-th. */
  private static void assertCountedRowsClose(
      Golden golden, Tensor logits, PromptBatch text, int queries) {
    Tensor expected = golden.get("forward.logits");
    expected.shape().require("golden", "forward.logits", logits.shape().toArray());
    int[][] ours = text.mask(queries);
    int[][] shown = ParityStages.rows(golden.get("prompt.attention_mask"));
    int places = Math.toIntExact(expected.dim(1)) - shown[0].length;
    for (int b = 0; b < ours.length; b++) {
      int[] theirs = shown[b];
      int[] from = counted(ours[b]);
      int[] to =
          IntStream.concat(
                  IntStream.range(0, places), Arrays.stream(counted(theirs)).map(t -> t + places))
              .toArray();
      assertEquals(to.length, from.length, "counted positions of prompt " + b);
      for (int k = 0; k < to.length; k++) {
        golden.assertClose(
            "forward.logits[" + b + ", " + to[k] + "]",
            "forward.logits",
            expected.select(0, b).select(0, to[k]).toFloats(),
            logits.select(0, b).select(0, from[k]).toFloats(),
            ParityStages.LOGITS);
      }
    }
  }

  private static int[] counted(int[] mask) {
    return IntStream.range(0, mask.length).filter(t -> mask[t] == 1).toArray();
  }
}
