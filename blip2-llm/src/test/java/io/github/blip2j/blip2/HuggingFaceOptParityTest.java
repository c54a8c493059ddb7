package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.DType;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.ImageDecoder;
import io.github.blip2j.vision.RgbImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * BLIP-2 with OPT against transformers 5.18, stage by stage, for every folder of that kind.
 *
 * <p>Tolerances are what float32 reaches on another library: 1e-4 for hidden states, 2e-4 for
 * logits. Tokens and texts are identical; beam scores agree to 1e-3 relative to their size, which
 * grows with negative length penalties.
 */
final class HuggingFaceOptParityTest {
  private static final double PIXELS = 1e-6;
  private static final double HIDDEN = 1e-4;
  private static final double LOGITS = 2e-4;
  private static final double SCORES = 1e-4;

  static Stream<Path> folders() {
    return Fixtures.folders("BLIP-2 with OPT", f -> Fixtures.isHuggingFaceBlip2(f, "opt")).stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void pixels_fromImageFiles_equalReference(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, DType.FLOAT32);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      golden.assertClose("pixel_values", loaded.pixels(images(folder)), PIXELS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void stages_fromPixels_equalReference(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, DType.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      var recorder = new Recorder(scope);
      Pass pass = Pass.evaluation().observedBy(recorder);
      Blip2Opt model = loaded.model();

      Tensor image = model.encodeImage(golden.get("pixel_values"), pass);
      Tensor queries = model.encodeQueries(image, pass);

      golden.assertClose("vision.last_hidden_state", image, HIDDEN);
      golden.assertClose("qformer.last_hidden_state", queries, HIDDEN);
      golden.assertClose("language_projection", model.project(queries), HIDDEN);
      assertHiddenStates(golden, "vision", recorder.states("vision"));
      assertHiddenStates(golden, "qformer", recorder.states("qformer.layers"));
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void vision_ofLargerPictures_equalsReference(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, DType.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor pixels = golden.get("pixel_values_large");

      Tensor image = loaded.model().encodeImage(pixels, Pass.evaluation());

      golden.assertClose("vision_large.last_hidden_state", image, HIDDEN);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void logits_ofPaddedPrompts_equalReference(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, DType.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Blip2Opt model = loaded.model();
      Tensor prompt = model.imagePrompt(golden.get("pixel_values"), Pass.evaluation());
      PromptBatch text = prompts(golden, model.config().queryTokens(), loaded.padId());

      Tensor logits = model.logits(prompt, text, Pass.evaluation());

      assertCountedRowsClose(golden, logits);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void decoding_everyCase_equalsReference(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, DType.FLOAT32)) {
      List<RgbImage> images = images(folder);
      List<Executable> checks = new ArrayList<>();
      for (DecodingCase expected : DecodingCase.of(folder)) {
        checks.add(() -> assertDecodes(loaded, images, expected));
      }
      assertAll(checks);
    }
  }

  private static void assertDecodes(
      LoadedModel loaded, List<RgbImage> images, DecodingCase expected) {
    List<RgbImage> asked = expected.images().stream().map(images::get).toList();
    List<String> prompts = expected.prompts();
    List<int[]> ids = new ArrayList<>();
    for (int i = 0; i < asked.size(); i++) {
      ids.add(
          prompts == null
              ? new int[] {loaded.model().config().text().beginId()}
              : loaded.promptIds(prompts.get(i)));
    }
    PromptBatch text = PromptBatch.of(ids, loaded.padId());
    List<Sequence> sequences = new ArrayList<>();
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor prompt = loaded.model().imagePrompt(loaded.pixels(asked), Pass.evaluation());
      Generator generator = Generator.of(expected.decoding(), loaded.endIds());
      loaded
          .model()
          .generate(prompt, text, generator, expected.decoding().maxNewTokens())
          .forEach(sequences::addAll);
    }
    assertEquals(expected.sequences().size(), sequences.size(), expected.name());
    for (int i = 0; i < sequences.size(); i++) {
      assertSequence(loaded, expected, i, sequences.get(i), ids.get(i / expected.returning()));
    }
  }

  private static void assertSequence(
      LoadedModel loaded, DecodingCase expected, int row, Sequence sequence, int[] prompt) {
    String where = expected.name() + " row " + row;
    List<Integer> full = expected.sequences().get(row);
    int[] reference = full.stream().mapToInt(id -> id).toArray();
    int start = start(loaded, reference, prompt, where);
    int[] tokens = sequence.tokens();
    int[] written = Arrays.copyOfRange(reference, start, start + tokens.length);
    assertEquals(Arrays.toString(written), Arrays.toString(tokens), where);
    for (int i = start + tokens.length; i < reference.length; i++) {
      assertEquals(loaded.padId(), reference[i], where + ": only padding may follow");
    }
    int[] whole = Arrays.copyOf(prompt, prompt.length + tokens.length);
    System.arraycopy(tokens, 0, whole, prompt.length, tokens.length);
    assertEquals(
        expected.texts().get(row).strip(), loaded.tokenizer().decode(whole).strip(), where);
    List<Double> scores = expected.scores();
    if (scores != null) {
      double score = scores.get(row);
      assertEquals(score, sequence.score(), SCORES * Math.max(1, Math.abs(score)), where);
    }
  }

  /** Where new tokens start: after placeholders, padding and prompt, which must be there. */
  private static int start(LoadedModel loaded, int[] reference, int[] prompt, String where) {
    Integer placeholder = loaded.model().config().imageTokenId();
    if (placeholder == null) {
      return 0;
    }
    int at = 0;
    while (at < reference.length && reference[at] == placeholder) {
      at++;
    }
    assertEquals(loaded.model().config().queryTokens(), at, where + ": placeholders");
    while (at < reference.length && reference[at] == loaded.padId()) {
      at++;
    }
    int[] shown = Arrays.copyOfRange(reference, at, at + prompt.length);
    assertEquals(Arrays.toString(prompt), Arrays.toString(shown), where + ": prompt");
    return at + prompt.length;
  }

  private static void assertHiddenStates(Golden golden, String tower, List<Tensor> states) {
    String prefix = tower + ".hidden_states.";
    long expected = golden.names().stream().filter(name -> name.startsWith(prefix)).count();
    assertEquals(expected, states.size(), prefix);
    for (int i = 0; i < states.size(); i++) {
      golden.assertClose(prefix + i, states.get(i), HIDDEN);
    }
  }

  private static PromptBatch prompts(Golden golden, int queries, int padId) {
    int[][] ids = rows(golden.get("prompt.input_ids"));
    int[][] mask = rows(golden.get("prompt.attention_mask"));
    List<int[]> prompts = new ArrayList<>();
    for (int b = 0; b < ids.length; b++) {
      int counted = Arrays.stream(mask[b]).sum();
      int length = counted - queries;
      prompts.add(Arrays.copyOfRange(ids[b], ids[b].length - length, ids[b].length));
    }
    return PromptBatch.of(prompts, padId);
  }

  /** Padding's own scores mean nothing; every other position must agree. */
  private static void assertCountedRowsClose(Golden golden, Tensor logits) {
    int[][] mask = rows(golden.get("prompt.attention_mask"));
    Tensor expected = golden.get("forward.logits");
    expected.shape().require("golden", "forward.logits", logits.shape().toArray());
    for (int b = 0; b < mask.length; b++) {
      for (int t = 0; t < mask[b].length; t++) {
        if (mask[b][t] == 1) {
          Golden.assertClose(
              "forward.logits[" + b + ", " + t + "]",
              expected.select(0, b).select(0, t).toFloats(),
              logits.select(0, b).select(0, t).toFloats(),
              LOGITS);
        }
      }
    }
  }

  private static int[][] rows(Tensor ids) {
    int[][] rows = new int[Math.toIntExact(ids.dim(0))][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = Arrays.stream(ids.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
    }
    return rows;
  }

  private static List<RgbImage> images(Path folder) {
    try (Stream<Path> files = Files.list(folder.resolve("images"))) {
      List<RgbImage> images = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        images.add(new ImageDecoder().decode(file));
      }
      return images;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Keeps the hidden states of a pass alive, by the path of who showed them. */
  private static final class Recorder implements Pass.Observer {
    private final Scope scope;
    private final Map<String, List<Tensor>> states = new HashMap<>();

    Recorder(Scope scope) {
      this.scope = scope;
    }

    @Override
    public void hiddenState(String path, int index, Tensor x) {
      List<Tensor> shown = states.computeIfAbsent(path, unseen -> new ArrayList<>());
      assertEquals(shown.size(), index, path);
      shown.add(scope.adopt(x.copy()));
    }

    List<Tensor> states(String path) {
      List<Tensor> shown = states.get(path);
      assertNotNull(shown, path);
      return shown;
    }
  }
}
