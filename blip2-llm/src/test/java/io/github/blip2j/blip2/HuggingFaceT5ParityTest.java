package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * BLIP-2 with T5 against transformers 5.18, stage by stage, for every folder of that kind.
 *
 * <p>Tolerances are what float32 reaches on another library: 1e-4 for hidden states, 2e-4 for
 * logits. {@link HuggingFaceT5DecodingParityTest} goes on from there.
 */
final class HuggingFaceT5ParityTest {

  static Stream<Path> folders() {
    return OptFolder.allOfT5().stream();
  }

  static Stream<Path> foldersWithLargePictures() {
    return folders().filter(folder -> OptFolder.holds(folder, "vision_large.last_hidden_state"));
  }

  static Stream<Path> foldersWithAnswers() {
    return folders().filter(folder -> OptFolder.holds(folder, "train.logits"));
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
  void prompts_fromWords_areTokenisedAndPaddedAsInReference(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      int queries = loaded.model().config().queryTokens();
      int[][] ids = ParityStages.rows(golden.get("prompt.input_ids"));
      int[][] mask = ParityStages.rows(golden.get("prompt.attention_mask"));
      List<int[]> prompts = DecodingCase.prompts(folder).stream().map(loaded::promptIds).toList();

      int[][] ours = loaded.promptBatch(prompts).mask(queries);

      assertEquals(Arrays.deepToString(mask), Arrays.deepToString(ours));
      for (int b = 0; b < prompts.size(); b++) {
        assertArrayEquals(counted(ids[b], mask[b], queries), prompts.get(b), "prompt " + b);
      }
    }
  }

  /** An answer's logits depend on all that comes before: both stacks and the head. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("foldersWithAnswers")
  void logits_ofPaddedPromptsAndAnswers_equalReference(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      var model = (Blip2T5) loaded.model();
      int queries = model.config().queryTokens();
      var states = new HiddenStates(scope);
      Pass pass = Pass.evaluation();
      Tensor prompt = model.imagePrompt(golden.get("pixel_values"), pass);
      PromptBatch text = batch(golden, "train.input_ids", "train.attention_mask", queries);
      PromptBatch answers = batch(golden, "train.labels", "train.decoder_attention_mask", 0);

      Tensor logits = model.logits(prompt, text, answers, pass.observedBy(states));

      golden.assertClose("train.logits", logits, ParityStages.LOGITS);
      for (String stack : List.of("encoder", "decoder")) {
        if (golden.has(stack + ".hidden_states.0")) {
          states.assertClose(golden, stack, "language." + stack, ParityStages.HIDDEN);
        }
      }
    }
  }

  /** What the masks count of each row, from a column on. */
  private static PromptBatch batch(Golden golden, String ids, String mask, int from) {
    int[][] rows = ParityStages.rows(golden.get(ids));
    int[][] counts = ParityStages.rows(golden.get(mask));
    List<int[]> words =
        IntStream.range(0, rows.length).mapToObj(b -> counted(rows[b], counts[b], from)).toList();
    return PromptBatch.of(words, 0, Side.RIGHT);
  }

  private static int[] counted(int[] row, int[] mask, int from) {
    return IntStream.range(from, row.length).filter(t -> mask[t] == 1).map(t -> row[t]).toArray();
  }
}
