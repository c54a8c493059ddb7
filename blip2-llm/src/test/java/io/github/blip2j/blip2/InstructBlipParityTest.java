package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * InstructBLIP with T5 against transformers 5.18, stage by stage, for every folder of that kind.
 *
 * <p>Tolerances are what float32 reaches on another library: 1e-4 for hidden states, 2e-4 for
 * logits, 1e-5 of a loss. {@link InstructBlipDecodingParityTest} and {@link
 * InstructBlipGradientParityTest} go on from there.
 */
final class InstructBlipParityTest {
  private static final double PIXELS = 1e-6;
  private static final double HIDDEN = 1e-4;
  private static final double LOGITS = 2e-4;
  private static final double LOSS = 1e-5;

  static Stream<Path> folders() {
    return InstructFolder.all().stream();
  }

  static Stream<Path> foldersWithMore() {
    return InstructFolder.withMore().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void pixels_fromImageFiles_equalReference(Path folder) throws IOException {
    try (var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      golden.assertClose("pixel_values", blip2.pixels(Blip2Folder.images(folder)), PIXELS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void prompts_forBothReaders_areTokenisedAndPaddedAsInReference(Path folder) throws IOException {
    try (var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      List<String> prompts = InstructFolder.prompts(folder);

      TextBatch read = blip2.instructions(prompts);

      assertArrayEquals(
          golden.get("prompt.qformer_input_ids").toLongs(), read.ids().toLongs(), "instructions");
      assertArrayEquals(
          golden.get("prompt.qformer_attention_mask").toLongs(), flat(read.mask()), "their mask");
      int[][] expected = words(golden, blip2.model().config().queryTokens());
      for (int b = 0; b < expected.length; b++) {
        assertArrayEquals(expected[b], blip2.tokenizer().encode(prompts.get(b)), "prompt " + b);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void stages_fromPixels_equalReference(Path folder) throws IOException {
    try (var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      var layers = new QFormerStates(scope);
      ForwardPass pass = ForwardPass.evaluation().observedBy(layers);
      Blip2Model model = blip2.model();

      Tensor image = model.encodeImage(golden.get("pixel_values"), pass);
      TextBatch read = blip2.instructions(InstructFolder.prompts(folder));
      Tensor queries = model.encodeQueries(image, read, pass);

      golden.assertClose("vision.last_hidden_state", image, HIDDEN);
      golden.assertClose("qformer.last_hidden_state", layers.last(), HIDDEN);
      golden.assertClose("language_projection", model.project(queries), HIDDEN);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foldersWithMore")
  void qformer_everyLayer_equalsReference(Path folder) throws IOException {
    try (var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder);
        var more = InstructFolder.more(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      var layers = new QFormerStates(scope);
      TextBatch read = blip2.instructions(InstructFolder.prompts(folder));

      Tensor image = golden.get("vision.last_hidden_state");
      blip2.model().encodeQueries(image, read, ForwardPass.evaluation().observedBy(layers));

      assertEquals(blip2.model().config().qformer().layers() + 1, layers.states.size());
      for (int i = 0; i < layers.states.size(); i++) {
        more.assertClose("qformer.hidden_states." + i, layers.states.get(i), HIDDEN);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void lossAndLogits_ofAnswers_equalReference(Path folder) throws IOException {
    try (var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Blip2Model model = blip2.model();
      TextBatch read = blip2.instructions(InstructFolder.prompts(folder));

      Tensor logits = logits(model, golden, read);

      golden.assertClose("train.logits", logits, LOGITS);
      double loss = TokenLoss.ofSameToken().of(logits, golden.get("train.labels")).item();
      double apart = Math.abs(loss / InstructFolder.trainLoss(folder) - 1);
      golden.assertWithin("train_loss", "train_loss", apart, LOSS);
    }
  }

  /**
   * The scores of the folder's answers. Its decoder has no mask, so that its padding is a word as
   * any other.
   */
  static Tensor logits(Blip2Model model, Golden golden, TextBatch read) {
    int queries = model.config().queryTokens();
    PromptBatch text =
        PromptBatch.of(
            Arrays.asList(words(golden, queries)), model.config().text().padId(), Side.RIGHT);
    List<int[]> answers = new ArrayList<>();
    for (int[] row : rows(golden.get("train.labels"))) {
      answers.add(Arrays.stream(row).map(id -> Math.max(0, id)).toArray());
    }
    Tensor prompt = model.imagePrompt(golden.get("pixel_values"), read, ForwardPass.evaluation());
    return model.logits(
        prompt, text, PromptBatch.of(answers, 0, Side.RIGHT), ForwardPass.evaluation());
  }

  /** The words of each prompt as the language model reads them, behind the image. */
  private static int[][] words(Golden golden, int queries) {
    int[][] ids = rows(golden.get("prompt.input_ids"));
    int[][] mask = rows(golden.get("prompt.attention_mask"));
    int[][] words = new int[ids.length][];
    for (int b = 0; b < words.length; b++) {
      int end = Arrays.stream(mask[b]).sum();
      words[b] = Arrays.copyOfRange(ids[b], queries, end);
    }
    return words;
  }

  private static int[][] rows(Tensor ids) {
    int[][] rows = new int[Math.toIntExact(ids.dim(0))][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = Arrays.stream(ids.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
    }
    return rows;
  }

  private static long[] flat(int[][] rows) {
    return Arrays.stream(rows).flatMapToInt(Arrays::stream).asLongStream().toArray();
  }

  /** The states of the Q-Former, queries and instruction in one sequence. */
  private static final class QFormerStates implements ForwardPass.Observer {
    private final Scope scope;
    private final List<Tensor> states = new ArrayList<>();

    QFormerStates(Scope scope) {
      this.scope = scope;
    }

    @Override
    public void hiddenState(String path, int index, Tensor x) {
      if (path.equals("qformer.layers")) {
        assertEquals(states.size(), index);
        states.add(scope.adopt(x.copy()));
      }
    }

    Tensor last() {
      return states.get(states.size() - 1);
    }
  }
}
