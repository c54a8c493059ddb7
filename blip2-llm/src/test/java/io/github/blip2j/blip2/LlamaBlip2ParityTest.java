package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.checkpoint.hf.HuggingFaceNames;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.golden.GoldenGradients;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.pretraining.StageTwoModel;
import io.github.blip2j.pretraining.StageTwoSetup;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.Side;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * BLIP-2 and InstructBLIP over decoders of LLaMA's kind against transformers 5.18, stage by stage:
 * words, states, logits, texts, a training loss and its gradients.
 */
final class LlamaBlip2ParityTest {
  private static final double HIDDEN = 1e-4;
  private static final double LOGITS = 2e-4;
  private static final double LOSS = 1e-5;
  private static final double SCORES = 1e-4;
  private static final String GRADIENTS = "train.grad.";

  static Stream<Path> folders() {
    return Fixtures.folders("BLIP-2 with LLaMA", Fixtures::hasLlama).stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void prompts_fromWords_areTokenisedAsInReference(Path folder) throws IOException {
    try (var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      List<String> prompts = DecodingCase.prompts(folder);
      List<int[]> expected = words(golden, "prompt.", blip2.model().config().queryTokens());
      for (int b = 0; b < prompts.size(); b++) {
        assertArrayEquals(expected.get(b), blip2.tokenizer().encode(prompts.get(b)), "prompt " + b);
      }
      if (blip2.model().config().readsInstruction()) {
        assertArrayEquals(
            golden.get("prompt.qformer_input_ids").toLongs(),
            blip2.instructions(prompts).ids().toLongs());
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void stagesAndLogits_fromImages_equalReference(Path folder) throws IOException {
    try (var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      ForwardPass pass = ForwardPass.evaluation();
      Blip2Model model = blip2.model();
      golden.assertClose("pixel_values", blip2.pixels(Blip2Folder.images(folder)), 1e-6);

      Tensor image = model.encodeImage(golden.get("pixel_values"), pass);
      Tensor queries = queries(blip2, image, DecodingCase.prompts(folder));
      Tensor prompt = model.project(queries);
      PromptBatch text =
          PromptBatch.of(
              words(golden, "prompt.", model.config().queryTokens()),
              model.config().text().padId(),
              Side.LEFT);
      Tensor logits = model.logits(prompt, text, pass);

      golden.assertClose("vision.last_hidden_state", image, HIDDEN);
      golden.assertClose("language_projection", prompt, HIDDEN);
      assertLogits(golden, "forward.logits", "prompt.attention_mask", logits, text, model);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void generate_everyCase_equalsReference(Path folder) throws IOException {
    try (var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder);
        ImageFeatures images = blip2.encode(Blip2Folder.images(folder));
        var scope = Scope.open()) {
      List<String> prompts = DecodingCase.prompts(folder);
      int places = Math.toIntExact(golden.get("prompt.input_ids").dim(1));
      for (DecodingCase expected : InstructFolder.cases(folder)) {
        List<List<Generated>> found = blip2.generate(images, prompts, expected.decoding(places));

        for (int b = 0; b < found.size(); b++) {
          String where = expected.name() + " of prompt " + b;
          Generated text = found.get(b).get(0);
          List<Integer> reference = expected.sequences().get(b);
          List<Integer> written = reference.subList(places, reference.size());
          assertEquals(written.subList(0, text.tokenIds().size()), text.tokenIds(), where);
          Set<Integer> fillers = Set.of(0, 2);
          assertTrue(
              fillers.containsAll(written.subList(text.tokenIds().size(), written.size())), where);
          assertEquals(expected.texts().get(b).strip(), text.text().strip(), where);
          if (expected.scores() != null) {
            double size = Math.max(1, Math.abs(expected.scores().get(b)));
            double apart = Math.abs(expected.scores().get(b) - text.score()) / size;
            golden.assertWithin(where, "sequences_scores", apart, SCORES);
          }
        }
      }
    }
  }

  /** Weights of lower precision give texts of the same kind, and logits nearby. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void logits_ofNarrowWeights_areNear(Path folder) throws IOException {
    for (Precision precision : List.of(Precision.BFLOAT16, Precision.INT8)) {
      try (var blip2 = Blip2.load(folder, precision);
          var golden = Golden.open(folder);
          var off = GradMode.noGrad();
          var scope = Scope.open()) {
        Blip2Model model = blip2.model();
        PromptBatch text =
            PromptBatch.of(
                words(golden, "prompt.", model.config().queryTokens()),
                model.config().text().padId(),
                Side.LEFT);
        Tensor logits =
            model.logits(golden.get("language_projection"), text, ForwardPass.evaluation());

        double error = relativeError(golden, logits, text, model);

        double bound = precision == Precision.INT8 ? 0.08 : 0.03; // of random weights
        golden.assertWithin(precision + " logits", "forward.logits", error, bound);
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void backward_everyGradient_equalsReference(Path folder) throws IOException {
    try (Scope home = Scope.detached();
        var blip2 = Blip2.load(folder);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      StageTwoModel model = StageTwoModel.load(folder, home, StageTwoSetup.lavis());
      KeyMap keys = HuggingFaceNames.blip2(model.blip2().config());
      var gradients = GoldenGradients.of(golden, GRADIENTS);
      for (Parameter parameter : model.parameters().values()) {
        if (gradients.has(keys.toStored(parameter.name()).name())) {
          parameter.train(); // the reference trains the language model too
        }
      }
      ForwardPass pass = ForwardPass.evaluation();
      int Q = model.blip2().config().queryTokens();
      List<int[]> ids = words(golden, "train.", Q);
      List<int[]> labels = counted(golden, "train.labels", "train.attention_mask", Q);
      PromptBatch text = PromptBatch.of(ids, model.blip2().config().text().padId(), Side.RIGHT);
      Tensor pixels = golden.get("pixel_values");
      Tensor prompt =
          model.blip2().config().readsInstruction()
              ? model.imagePrompt(pixels, blip2.instructions(DecodingCase.prompts(folder)), pass)
              : model.imagePrompt(pixels, pass);

      Tensor loss = model.blip2().loss(prompt, text, labels, pass);
      loss.backward();

      double expected = ConfigJson.read(folder.resolve("expected.json")).doubleAt("train_loss");
      golden.assertWithin("train_loss", "train_loss", Math.abs(loss.item() / expected - 1), LOSS);
      for (Parameter parameter : model.parameters().values()) {
        String name = keys.toStored(parameter.name()).name();
        assertEquals(gradients.has(name), parameter.gradient() != null, name);
        if (gradients.has(name)) {
          gradients.assertClose(name, Objects.requireNonNull(parameter.gradient(), name));
        }
      }
      gradients.assertNoneLeft();
    }
  }

  private static Tensor queries(Blip2 blip2, Tensor image, List<String> prompts) {
    ForwardPass pass = ForwardPass.evaluation();
    if (!blip2.model().config().readsInstruction()) {
      return blip2.model().encodeQueries(image, pass);
    }
    TextBatch read = blip2.instructions(prompts);
    return blip2.model().encodeQueries(image, read, pass);
  }

  /** The k-th counted position of each row against the k-th; padding's own mean nothing. */
  private static void assertLogits(
      Golden golden, String name, String mask, Tensor logits, PromptBatch text, Blip2Model model) {
    Tensor expected = golden.get(name);
    int[][] ours = text.mask(model.config().queryTokens());
    int[][] theirs = rows(golden.get(mask));
    for (int b = 0; b < ours.length; b++) {
      int[] from = places(ours[b]);
      int[] to = places(theirs[b]);
      assertEquals(to.length, from.length, "counted positions of row " + b);
      for (int k = 0; k < to.length; k++) {
        golden.assertClose(
            name + "[" + b + ", " + to[k] + "]",
            name,
            expected.select(0, b).select(0, to[k]).toFloats(),
            logits.select(0, b).select(0, from[k]).toFloats(),
            LOGITS);
      }
    }
  }

  /** Euclidean distance of all counted logits from the reference's, in parts of their length. */
  private static double relativeError(
      Golden golden, Tensor logits, PromptBatch text, Blip2Model model) {
    Tensor expected = golden.get("forward.logits");
    int[][] ours = text.mask(model.config().queryTokens());
    int[][] theirs = rows(golden.get("prompt.attention_mask"));
    double apart = 0;
    double size = 0;
    for (int b = 0; b < ours.length; b++) {
      int[] from = places(ours[b]);
      int[] to = places(theirs[b]);
      for (int k = 0; k < to.length; k++) {
        float[] wanted = expected.select(0, b).select(0, to[k]).toFloats();
        float[] found = logits.select(0, b).select(0, from[k]).toFloats();
        for (int i = 0; i < wanted.length; i++) {
          apart += (wanted[i] - found[i]) * (double) (wanted[i] - found[i]);
          size += wanted[i] * (double) wanted[i];
        }
      }
    }
    return Math.sqrt(apart / size);
  }

  /** The counted ids of each row behind the image's places. */
  private static List<int[]> words(Golden golden, String of, int queries) {
    return counted(golden, of + "input_ids", of + "attention_mask", queries);
  }

  private static List<int[]> counted(Golden golden, String ids, String mask, int queries) {
    int[][] all = rows(golden.get(ids));
    int[][] counts = rows(golden.get(mask));
    List<int[]> words = new ArrayList<>();
    for (int b = 0; b < all.length; b++) {
      int[] row = all[b];
      int[] places = places(counts[b]);
      words.add(Arrays.stream(places).skip(queries).map(t -> row[t]).toArray());
    }
    return words;
  }

  private static int[] places(int[] mask) {
    return IntStream.range(0, mask.length).filter(t -> mask[t] == 1).toArray();
  }

  private static int[][] rows(Tensor ids) {
    int[][] rows = new int[Math.toIntExact(ids.dim(0))][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = Arrays.stream(ids.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
    }
    return rows;
  }
}
