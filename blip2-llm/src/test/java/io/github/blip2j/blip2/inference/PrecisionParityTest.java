package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.blip2.model.PromptBatch;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What smaller weights cost: captions are those of float32 wherever float32 prefers its token by
 * more than the largest difference of a logit can turn. The differences go to a report.
 */
final class PrecisionParityTest {
  private static final Path REPORT = Path.of("target", "precision.tsv");
  private static final List<String> PROMPTS =
      List.of("", "a photo of", "Question: what is this? Answer:");
  private static final GenerationConfig GREEDY = GenerationConfig.greedy().maxNewTokens(12);

  static Stream<Arguments> foldersAndPrecisions() {
    return Blip2Folder.all().stream()
        .flatMap(
            folder ->
                Stream.of(Precision.BFLOAT16, Precision.INT8)
                    .map(precision -> Arguments.of(folder, precision)));
  }

  @ParameterizedTest(name = "{0} in {1}")
  @MethodSource("foldersAndPrecisions")
  void captions_whereFloat32IsSure_areThoseOfFloat32(Path folder, Precision precision)
      throws IOException {
    try (var exact = GenerationSession.load(folder, Precision.FLOAT32);
        var rounded = GenerationSession.load(folder, precision)) {
      List<Image> images = Blip2Folder.images(folder);
      double largest = 0;
      int texts = 0;
      int same = 0;
      for (int image = 0; image < images.size(); image++) {
        for (String prompt : PROMPTS) {
          int[] ids = exact.prompts().ids(prompt);
          int[] expected = written(exact, images, image, ids);
          int[] actual = written(rounded, images, image, ids);
          int until = firstDifference(expected, actual);
          float[] sure = nextScores(exact, images, image, ids, expected, until);
          double apart = difference(sure, nextScores(rounded, images, image, ids, expected, until));
          largest = Math.max(largest, apart);
          texts++;
          same += Arrays.equals(expected, actual) ? 1 : 0;
          if (until < Math.min(expected.length, actual.length)) {
            double margin = sure[expected[until]] - sure[actual[until]];
            assertTrue(
                margin <= 2 * apart,
                String.format(
                    Locale.ROOT,
                    "image %d after '%s', token %d: float32 prefers %d to %d by %s, logits differ by %s",
                    image,
                    prompt,
                    until,
                    expected[until],
                    actual[until],
                    margin,
                    apart));
          }
        }
      }
      report(folder, precision, largest, same, texts);
      assertTrue(largest < 1, "logits expected within 1 of float32's, got them apart " + largest);
      assertTrue(2 * same >= texts, "most captions expected alike, got " + same + " of " + texts);
    }
  }

  private static int[] written(GenerationSession loaded, List<Image> images, int image, int[] ids) {
    return Blip2Folder.decodeAlone(loaded, images, image, ids, GREEDY).get(0).tokens();
  }

  private static int firstDifference(int[] expected, int[] actual) {
    int mismatch = Arrays.mismatch(expected, actual);
    return mismatch < 0 ? expected.length : mismatch;
  }

  /** Logits after the prompt and the first {@code count} tokens of a text. */
  private static float[] nextScores(
      GenerationSession loaded, List<Image> images, int image, int[] ids, int[] text, int count) {
    int[] before = Arrays.copyOf(text, count);
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      ForwardPass pass = ForwardPass.evaluation();
      Tensor all = loaded.model().imagePrompt(loaded.pixels(images), pass);
      Tensor prompt = all.narrow(0, image, 1);
      Tensor logits;
      if (loaded.model().config().text().family().encodes()) {
        int[] answer = Arrays.copyOf(before, count + 1); // the last one is asked for, not read
        logits = loaded.model().logits(prompt, batch(loaded, ids), batch(loaded, answer), pass);
      } else {
        int[] read = Arrays.copyOf(ids, ids.length + count);
        System.arraycopy(before, 0, read, ids.length, count);
        logits = loaded.model().logits(prompt, batch(loaded, read), pass);
      }
      return logits.select(0, 0).select(0, logits.dim(1) - 1).toFloats();
    }
  }

  private static PromptBatch batch(GenerationSession loaded, int[] ids) {
    return loaded.prompts().batch(List.of(ids));
  }

  private static double difference(float[] expected, float[] actual) {
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i] - actual[i]));
    }
    return largest;
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
