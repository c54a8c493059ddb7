package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.blip2.inference.Blip2Folder;
import io.github.blip2j.blip2.inference.GenerationSession;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.function.Executable;

/**
 * What a BLIP-2 writes, against a golden folder and against itself.
 *
 * <p>Tokens and texts are identical; beam scores agree to 1e-4 relative to their size, which grows
 * with negative length penalties.
 */
public final class DecodingParity {
  private static final double SCORES = 1e-4;
  private static final double BATCH = 1e-5;

  /** How the reference's rows of ids are laid out. */
  public interface Rows {
    /** Where what is asked before the first word counts towards a length. */
    int countedBefore(GenerationSession loaded, List<int[]> prompts);

    /** Where new tokens start in a row; what stands before is checked. */
    int start(GenerationSession loaded, int[] reference, int[] prompt, String where);

    /** What the text of a row holds besides the new tokens: the prompt, or nothing. */
    int[] shown(GenerationSession loaded, int[] prompt);

    /** What fills a row after its end. */
    int filler(GenerationSession loaded, DecodingCase expected);
  }

  private DecodingParity() {}

  public static void assertEveryCase(Path folder, Function<LanguageFamily, Rows> layouts)
      throws IOException {
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32);
        var golden = Golden.open(folder)) {
      List<Image> images = Blip2Folder.images(folder);
      Rows layout = layouts.apply(loaded.model().config().text().family());
      List<Executable> checks = new ArrayList<>();
      for (DecodingCase expected : DecodingCase.of(folder)) {
        checks.add(() -> new Check(loaded, golden, layout, expected).run(images));
      }
      assertAll(checks);
    }
  }

  public static void assertBatchesEqualOneByOne(Path folder) throws IOException {
    List<String> prompts = List.of("", "a photo of", "Question: what color is the star? Answer:");
    try (var loaded = GenerationSession.load(folder, Precision.FLOAT32)) {
      List<Image> all = Blip2Folder.images(folder);
      List<Image> images = List.of(all.get(0), all.get(1 % all.size()), all.get(2 % all.size()));
      List<int[]> ids = prompts.stream().map(loaded.prompts()::ids).toList();
      for (GenerationConfig decoding :
          List.of(
              GenerationConfig.greedy().maxNewTokens(10),
              GenerationConfig.beams(3).maxNewTokens(10).numReturnSequences(2),
              GenerationConfig.beams(4).maxNewTokens(10).noRepeatNgramSize(2).lengthPenalty(-1))) {
        List<List<Sequence>> batch =
            Blip2Folder.decode(loaded, images, ids, decoding, loaded.endIds());
        for (int i = 0; i < images.size(); i++) {
          List<Sequence> alone = Blip2Folder.decodeAlone(loaded, images, i, ids.get(i), decoding);
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

  /** One case of a folder. */
  private record Check(
      GenerationSession loaded, Golden golden, Rows layout, DecodingCase expected) {
    void run(List<Image> images) {
      List<Image> asked = expected.images().stream().map(images::get).toList();
      List<int[]> ids = Blip2Folder.promptIds(loaded, expected.prompts(), asked.size());
      GenerationConfig decoding = expected.decoding(layout.countedBefore(loaded, ids));
      int[] endIds = expected.endIds(loaded.endIds());
      List<Sequence> sequences =
          Blip2Folder.decode(loaded, asked, ids, decoding, endIds).stream()
              .flatMap(List::stream)
              .toList();
      assertEquals(expected.sequences().size(), sequences.size(), expected.name());
      for (int i = 0; i < sequences.size(); i++) {
        assertSequence(i, sequences.get(i), ids.get(i / expected.returning()));
      }
    }

    private void assertSequence(int row, Sequence sequence, int[] prompt) {
      String where = expected.name() + " row " + row;
      int[] reference = expected.sequences().get(row).stream().mapToInt(id -> id).toArray();
      int start = layout.start(loaded, reference, prompt, where);
      int[] tokens = sequence.tokens();
      int[] written = Arrays.copyOfRange(reference, start, start + tokens.length);
      assertEquals(Arrays.toString(written), Arrays.toString(tokens), where);
      for (int i = start + tokens.length; i < reference.length; i++) {
        int filler = layout.filler(loaded, expected);
        assertEquals(filler, reference[i], where + ": only padding may follow");
      }
      int[] shown = layout.shown(loaded, prompt);
      int[] whole = Arrays.copyOf(shown, shown.length + tokens.length);
      System.arraycopy(tokens, 0, whole, shown.length, tokens.length);
      assertEquals(
          expected.texts().get(row).strip(), loaded.tokenizer().decode(whole).strip(), where);
      assertScore(row, sequence, where);
    }

    private void assertScore(int row, Sequence sequence, String where) {
      List<Double> scores = expected.scores();
      if (scores != null) {
        double size = Math.max(1, Math.abs(scores.get(row)));
        double difference = Math.abs(scores.get(row) - sequence.score()) / size;
        golden.assertWithin(where, "sequences_scores", difference, SCORES);
      }
    }
  }
}
