package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.DecodingCase;
import io.github.blip2j.blip2.HiddenStates;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
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
 * BLIP-2 with OPT and with T5 against transformers 5.18, stage by stage, for every folder of either
 * kind.
 *
 * <p>Tolerances are what float32 reaches on another library: 1e-4 for hidden states, 2e-4 for
 * logits. {@link HuggingFaceDecodingParityTest} goes on from there.
 */
final class HuggingFaceParityTest {
  private static final double PIXELS = 1e-6;
  private static final double HIDDEN = 1e-4;
  private static final double LOGITS = 2e-4;

  static Stream<Path> folders() {
    return Blip2Folder.all().stream();
  }

  static Stream<Path> foldersOfOpt() {
    return Blip2Folder.allOfOpt().stream();
  }

  static Stream<Path> foldersOfT5() {
    return Blip2Folder.allOfT5().stream();
  }

  static Stream<Path> foldersWithLargePictures() {
    return folders().filter(folder -> Blip2Folder.holds(folder, "vision_large.last_hidden_state"));
  }

  static Stream<Path> foldersWithAnswers() {
    return foldersOfT5().filter(folder -> Blip2Folder.holds(folder, "train.logits"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void pixels_fromImageFiles_equalReference(Path folder) throws IOException {
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      golden.assertClose("pixel_values", loaded.pixels(Blip2Folder.images(folder)), PIXELS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void stages_fromPixels_equalReference(Path folder) throws IOException {
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      var states = new HiddenStates(scope);
      ForwardPass pass = ForwardPass.evaluation().observedBy(states);
      Blip2Model model = loaded.model();

      Tensor image = model.encodeImage(golden.get("pixel_values"), pass);
      Tensor queries = model.encodeQueries(image, pass);

      golden.assertClose("vision.last_hidden_state", image, HIDDEN);
      golden.assertClose("qformer.last_hidden_state", queries, HIDDEN);
      golden.assertClose("language_projection", model.project(queries), HIDDEN);
      states.assertClose(golden, "vision", "vision", HIDDEN);
      states.assertClose(golden, "qformer", "qformer.layers", HIDDEN);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foldersWithLargePictures")
  void vision_ofLargerPictures_equalsReference(Path folder) throws IOException {
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor pixels = golden.get("pixel_values_large");

      Tensor image = loaded.model().encodeImage(pixels, ForwardPass.evaluation());

      golden.assertClose("vision_large.last_hidden_state", image, HIDDEN);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foldersOfT5")
  void prompts_fromWords_areTokenisedAndPaddedAsInReference(Path folder) throws IOException {
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      int queries = loaded.model().config().queryTokens();
      int[][] ids = rows(golden.get("prompt.input_ids"));
      int[][] mask = rows(golden.get("prompt.attention_mask"));
      List<int[]> prompts =
          DecodingCase.prompts(folder).stream().map(loaded.prompts()::ids).toList();

      int[][] ours = loaded.prompts().batch(prompts).mask(queries);

      assertEquals(Arrays.deepToString(mask), Arrays.deepToString(ours));
      for (int b = 0; b < prompts.size(); b++) {
        assertArrayEquals(counted(ids[b], mask[b], queries), prompts.get(b), "prompt " + b);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foldersOfOpt")
  void logits_ofPaddedPrompts_equalReference(Path folder) throws IOException {
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Blip2Model model = loaded.model();
      Tensor prompt = model.imagePrompt(golden.get("pixel_values"), ForwardPass.evaluation());
      PromptBatch text = prompts(golden, model.config().queryTokens(), loaded.padId());

      Tensor logits = model.logits(prompt, text, ForwardPass.evaluation());

      assertCountedRowsClose(golden, logits, text, model.config().queryTokens());
    }
  }

  /** An answer's logits depend on all that comes before: both stacks and the head. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("foldersWithAnswers")
  void logits_ofPaddedPromptsAndAnswers_equalReference(Path folder) throws IOException {
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Blip2Model model = loaded.model();
      int queries = model.config().queryTokens();
      var states = new HiddenStates(scope);
      ForwardPass pass = ForwardPass.evaluation();
      Tensor prompt = model.imagePrompt(golden.get("pixel_values"), pass);
      PromptBatch text = batch(golden, "train.input_ids", "train.attention_mask", queries);
      PromptBatch answers = batch(golden, "train.labels", "train.decoder_attention_mask", 0);

      Tensor logits = model.logits(prompt, text, answers, pass.observedBy(states));

      golden.assertClose("train.logits", logits, LOGITS);
      for (String stack : List.of("encoder", "decoder")) {
        if (golden.has(stack + ".hidden_states.0")) {
          states.assertClose(golden, stack, "language." + stack, HIDDEN);
        }
      }
    }
  }

  /** The words of each prompt: what its mask counts, after the image's places if it shows them. */
  private static PromptBatch prompts(Golden golden, int queries, int padId) {
    int[][] ids = rows(golden.get("prompt.input_ids"));
    int[][] mask = rows(golden.get("prompt.attention_mask"));
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
    int[][] shown = rows(golden.get("prompt.attention_mask"));
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
            LOGITS);
      }
    }
  }

  private static int[] counted(int[] mask) {
    return IntStream.range(0, mask.length).filter(t -> mask[t] == 1).toArray();
  }

  /** What the masks count of each row, from a column on. */
  private static PromptBatch batch(Golden golden, String ids, String mask, int from) {
    int[][] rows = rows(golden.get(ids));
    int[][] counts = rows(golden.get(mask));
    List<int[]> words =
        IntStream.range(0, rows.length).mapToObj(b -> counted(rows[b], counts[b], from)).toList();
    return PromptBatch.of(words, 0, Side.RIGHT);
  }

  private static int[] counted(int[] row, int[] mask, int from) {
    return IntStream.range(from, row.length).filter(t -> mask[t] == 1).map(t -> row[t]).toArray();
  }

  /** The rows of [R, C] ids or masks. */
  private static int[][] rows(Tensor ids) {
    int[][] rows = new int[Math.toIntExact(ids.dim(0))][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = Arrays.stream(ids.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
    }
    return rows;
  }
}
