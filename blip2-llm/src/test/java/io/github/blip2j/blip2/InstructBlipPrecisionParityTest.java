package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What smaller weights cost an InstructBLIP: how far the logits of its golden answers move, and how
 * many of the texts that it writes stay. The numbers go to a report.
 */
final class InstructBlipPrecisionParityTest {
  private static final Path REPORT = Path.of("target", "precision.tsv");
  private static final GenerationConfig GREEDY = GenerationConfig.greedy().maxNewTokens(12);

  static Stream<Arguments> foldersAndPrecisions() {
    return InstructFolder.all().stream()
        .flatMap(
            folder ->
                Stream.of(Precision.BFLOAT16, Precision.INT8)
                    .map(precision -> Arguments.of(folder, precision)));
  }

  @ParameterizedTest(name = "{0} in {1}")
  @MethodSource("foldersAndPrecisions")
  void logitsAndTexts_ofSmallerWeights_stayNear(Path folder, Precision precision)
      throws IOException {
    try (var exact = Blip2.load(folder);
        var rounded = Blip2.load(folder, precision)) {
      double largest = largestDifference(folder, exact, rounded);
      int texts = 0;
      int same = 0;
      List<String> prompts = InstructFolder.prompts(folder);
      for (Image image : Blip2Folder.images(folder)) {
        for (String prompt : prompts) {
          List<Integer> expected = exact.generate(image, prompt, GREEDY).get(0).tokenIds();
          texts++;
          same +=
              expected.equals(rounded.generate(image, prompt, GREEDY).get(0).tokenIds()) ? 1 : 0;
        }
      }
      report(folder, precision, largest, same, texts);
      assertTrue(largest > 0 && largest < 1, "logits expected near float32's, got " + largest);
      assertTrue(2 * same >= texts, "most texts expected alike, got " + same + " of " + texts);
    }
  }

  private static double largestDifference(Path folder, Blip2 exact, Blip2 rounded) {
    try (var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      float[] expected = logits(folder, golden, exact);
      float[] actual = logits(folder, golden, rounded);
      long[] labels = golden.get("train.labels").toLongs();
      int V = expected.length / labels.length;
      double largest = 0;
      for (int i = 0; i < expected.length; i++) {
        boolean counts = labels[i / V] >= 0; // padding's own logits mean nothing
        largest = Math.max(largest, counts ? Math.abs((double) expected[i] - actual[i]) : 0);
      }
      return largest;
    }
  }

  private static float[] logits(Path folder, Golden golden, Blip2 blip2) {
    return InstructBlipParityTest.logits(
            blip2.model(), golden, blip2.instructions(InstructFolder.prompts(folder)))
        .toFloats();
  }

  private static void report(Path folder, Precision precision, double largest, int same, int texts)
      throws IOException {
    String line =
        String.format(
            Locale.ROOT,
            "%s\t%s\t%.1e\t%d of %d%n",
            folder.getFileName(),
            precision,
            largest,
            same,
            texts);
    Files.createDirectories(REPORT.toAbsolutePath().getParent());
    Files.writeString(
        REPORT, line, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }
}
