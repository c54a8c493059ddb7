package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The Q-Former's text, query and joint passes against transformers' {@code
 * Blip2ForImageTextRetrieval}, for every folder of that kind. The reference's own image features go
 * in. Vectors of length 1 agree to 1e-5, logits to 2e-4.
 */
final class BertModelParityTest {
  private static final double UNIT_VECTORS = 1e-5;
  private static final double LOGITS = 2e-4;

  static Stream<Path> folders() {
    return Fixtures.folders("image-text retrieval", BertModelParityTest::isRetrieval).stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void joint_matchLogits_equalReference(Path folder) throws IOException {
    try (var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      RetrievalModel model = RetrievalModel.load(folder, scope);
      Tensor image = golden.get("vision.last_hidden_state");

      QueriesAndText seen =
          model.bert.encodeJoint(
              model.queries(image.dim(0)),
              ids(golden, model),
              mask(golden, model),
              image,
              ForwardPass.evaluation());

      Tensor queries = seen.queries();
      assertNotNull(queries);
      golden.assertClose("itm.logits", model.matchHead.forward(queries).mean(1), LOGITS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void queries_imageVectors_equalReference(Path folder) throws IOException {
    try (var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      RetrievalModel model = RetrievalModel.load(folder, scope);

      golden.assertClose("itc.image_embeds", imageVectors(golden, model), UNIT_VECTORS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void text_vectors_equalReference(Path folder) throws IOException {
    try (var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      RetrievalModel model = RetrievalModel.load(folder, scope);

      golden.assertClose("itc.text_embeds", textVectors(golden, model), UNIT_VECTORS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void similarity_ofTheBestQuery_equalsReference(Path folder) throws IOException {
    try (var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      RetrievalModel model = RetrievalModel.load(folder, scope);

      Tensor image = imageVectors(golden, model); // [I, Q, D]
      Tensor text = textVectors(golden, model); // [T, D]
      float[] cosines = image.matmul(text.transpose()).toFloats(); // [I, Q, T]

      int Q = Math.toIntExact(image.dim(1));
      int T = Math.toIntExact(text.dim(0));
      float[] best = new float[cosines.length / Q];
      Arrays.fill(best, Float.NEGATIVE_INFINITY);
      for (int i = 0; i < cosines.length; i++) {
        int pair = i / T / Q * T + i % T;
        best[pair] = Math.max(best[pair], cosines[i]);
      }
      golden.assertClose("itc.logits_per_image", Tensor.of(best, image.dim(0), T), UNIT_VECTORS);
    }
  }

  private static Tensor imageVectors(Golden golden, RetrievalModel model) {
    Tensor image = golden.get("vision.last_hidden_state");
    Tensor seen =
        model.bert.encodeQueries(model.queries(image.dim(0)), image, ForwardPass.evaluation());
    return unit(model.imageProjection.forward(seen));
  }

  private static Tensor textVectors(Golden golden, RetrievalModel model) {
    Tensor text =
        model.bert.encodeText(ids(golden, model), mask(golden, model), ForwardPass.evaluation());
    return unit(model.textProjection.forward(text.select(1, 0)));
  }

  private static Tensor unit(Tensor x) {
    Tensor squares = x.mul(x).sum(-1); // [...]
    long[] kept = x.shape().with(-1, 1).toArray();
    return x.div(squares.sqrt().reshape(kept));
  }

  private static Tensor ids(Golden golden, RetrievalModel model) {
    Tensor ids = golden.get("input_ids");
    return ids.narrow(1, model.placeholders, ids.dim(1) - model.placeholders).copy();
  }

  private static int[][] mask(Golden golden, RetrievalModel model) {
    Tensor mask = golden.get("attention_mask");
    int[][] rows = new int[Math.toIntExact(mask.dim(0))][];
    for (int b = 0; b < rows.length; b++) {
      int[] row = Arrays.stream(mask.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
      rows[b] = Arrays.copyOfRange(row, model.placeholders, row.length);
    }
    return rows;
  }

  /** By content: only these hold a head for matching beside a Q-Former of this spelling. */
  private static boolean isRetrieval(Path folder) {
    if (!Files.exists(folder.resolve("config.json"))
        || !Files.exists(folder.resolve("model.safetensors"))) {
      return false;
    }
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Set<String> names = checkpoint.tensors().keySet();
      return names.containsAll(Set.of("itm_head.weight", "vision_projection.weight"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
