package io.github.blip2j.blip2;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The stages before the language model, which all BLIP-2 that write share, against a golden folder.
 */
final class ParityStages {
  static final double PIXELS = 1e-6;
  static final double HIDDEN = 1e-4;
  static final double LOGITS = 2e-4;

  private ParityStages() {}

  static void assertPixels(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var scope = Scope.open()) {
      golden.assertClose("pixel_values", loaded.pixels(OptFolder.images(folder)), PIXELS);
    }
  }

  static void assertStages(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      var states = new HiddenStates(scope);
      Pass pass = Pass.evaluation().observedBy(states);
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

  static void assertVisionOfLargerPictures(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Tensor pixels = golden.get("pixel_values_large");

      Tensor image = loaded.model().encodeImage(pixels, Pass.evaluation());

      golden.assertClose("vision_large.last_hidden_state", image, HIDDEN);
    }
  }

  /** The rows of [R, C] ids or masks. */
  static int[][] rows(Tensor ids) {
    int[][] rows = new int[Math.toIntExact(ids.dim(0))][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = Arrays.stream(ids.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
    }
    return rows;
  }
}
