package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.tensor.Precision;
import io.github.blip2j.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What BLIP-2 with OPT writes, against transformers 5.18 and against itself, for every folder of
 * that kind.
 *
 * <p>Tokens and texts are identical; beam scores agree to 1e-4 relative to their size, which grows
 * with negative length penalties.
 */
final class HuggingFaceOptDecodingParityTest {
  private static final double SCORES = 1e-4;
  private static final double BATCH = 1e-5;

  static Stream<Path> folders() {
    return OptFolder.all().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void decoding_everyCase_equalsReference(Path folder) throws IOException {
    try (var loaded = LoadedModel.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder)) {
      List<RgbImage> images = OptFolder.images(folder);
      List<Executable> checks = new ArrayList<>();
      for (DecodingCase expected : DecodingCase.of(folder)) {
        checks.add(() -> assertDecodes(loaded, golden, images, expected));
      }
      assertAll(checks);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void everyBatch_equalsOneByOne(Path folder) throws IOException {
    List<String> prompts = List.of("", "a photo of", "Question: what color is the star? Answer:");
    try (var loaded = LoadedModel.load(folder, Precision.FLOAT32)) {
      List<RgbImage> all = OptFolder.images(folder);
      List<RgbImage> images = List.of(all.get(0), all.get(1 % all.size()), all.get(2 % all.size()));
      List<int[]> ids = prompts.stream().map(loaded::promptIds).toList();
      for (Decoding decoding :
          List.of(
              Decoding.greedy().maxNewTokens(10),
              Decoding.beams(3).maxNewTokens(10).returning(2),
              Decoding.beams(4).maxNewTokens(10).noRepeatNgramSize(2).lengthPenalty(-1))) {
        List<List<Sequence>> batch =
            OptFolder.decode(loaded, images, ids, decoding, loaded.endIds());
        for (int i = 0; i < images.size(); i++) {
          List<Sequence> alone = OptFolder.decodeAlone(loaded, images, i, ids.get(i), decoding);
          assertSame(alone, batch.get(i), decoding + " prompt " + i);
        }
      }
    }
  }

  private static void assertSame(List<Sequence> expected, List<Sequence> actual, String where) {
    assertEquals(expected.size(), actual.size(), where);
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i).tokens(), actual.get(i).tokens(), where);
      float score = expected.get(i).score();
      assertEquals(score, actual.get(i).score(), BATCH * Math.max(1, Math.abs(score)), where);
    }
  }

  private static void assertDecodes(
      LoadedModel loaded, Golden golden, List<RgbImage> images, DecodingCase expected) {
    List<RgbImage> asked = expected.images().stream().map(images::get).toList();
    List<int[]> ids = OptFolder.promptIds(loaded, expected.prompts(), asked.size());
    Decoding decoding = expected.decoding(OptFolder.promptLength(loaded, ids));
    int[] endIds = expected.endIds(loaded.endIds());
    List<Sequence> sequences =
        OptFolder.decode(loaded, asked, ids, decoding, endIds).stream()
            .flatMap(List::stream)
            .toList();
    assertEquals(expected.sequences().size(), sequences.size(), expected.name());
    for (int i = 0; i < sequences.size(); i++) {
      int[] prompt = ids.get(i / expected.returning());
      assertSequence(loaded, golden, expected, i, sequences.get(i), prompt);
    }
  }

  private static void assertSequence(
      LoadedModel loaded,
      Golden golden,
      DecodingCase expected,
      int row,
      Sequence sequence,
      int[] prompt) {
    String where = expected.name() + " row " + row;
    int[] reference = expected.sequences().get(row).stream().mapToInt(id -> id).toArray();
    int start = start(loaded, reference, prompt, where);
    int[] tokens = sequence.tokens();
    int[] written = Arrays.copyOfRange(reference, start, start + tokens.length);
    assertEquals(Arrays.toString(written), Arrays.toString(tokens), where);
    for (int i = start + tokens.length; i < reference.length; i++) {
      assertEquals(loaded.padId(), reference[i], where + ": only padding may follow");
    }
    int[] shown = start == 0 ? new int[0] : prompt;
    int[] whole = Arrays.copyOf(shown, shown.length + tokens.length);
    System.arraycopy(tokens, 0, whole, shown.length, tokens.length);
    assertEquals(
        expected.texts().get(row).strip(), loaded.tokenizer().decode(whole).strip(), where);
    List<Double> scores = expected.scores();
    if (scores != null) {
      double size = Math.max(1, Math.abs(scores.get(row)));
      double difference = Math.abs(scores.get(row) - sequence.score()) / size;
      golden.assertWithin(where, "sequences_scores", difference, SCORES);
    }
  }

  /**
   * Where new tokens start: after placeholders, padding and prompt, which must be there. Without an
   * image token there are none, and the rows are the new tokens alone.
   */
  private static int start(LoadedModel loaded, int[] reference, int[] prompt, String where) {
    Integer placeholder = loaded.model().config().imageTokenId();
    if (placeholder == null) {
      return 0;
    }
    int queries = loaded.model().config().queryTokens();
    for (int at = 0; at < queries; at++) {
      assertEquals(placeholder, reference[at], where + ": placeholders");
    }
    int at = queries;
    while (at < reference.length && reference[at] == loaded.padId()) {
      at++;
    }
    int[] shown = Arrays.copyOfRange(reference, at, at + prompt.length);
    assertEquals(Arrays.toString(prompt), Arrays.toString(shown), where + ": prompt");
    return at + prompt.length;
  }
}
