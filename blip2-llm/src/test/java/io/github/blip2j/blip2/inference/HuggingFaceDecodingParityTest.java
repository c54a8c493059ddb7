package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import io.github.blip2j.blip2.DecodingCase;
import io.github.blip2j.blip2.DecodingParity;
import io.github.blip2j.llm.LanguageFamily;
import io.github.blip2j.llm.t5.T5Config;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What BLIP-2 with OPT and with T5 writes, against transformers 5.18 and against itself, for every
 * folder of either kind; {@link DecodingParity} says how closely.
 */
final class HuggingFaceDecodingParityTest {

  static Stream<Path> folders() {
    return Blip2Folder.all().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void decoding_everyCase_equalsReference(Path folder) throws IOException {
    DecodingParity.assertEveryCase(folder, HuggingFaceDecodingParityTest::rows);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void everyBatch_equalsOneByOne(Path folder) throws IOException {
    DecodingParity.assertBatchesEqualOneByOne(folder);
  }

  private static DecodingParity.Rows rows(LanguageFamily family) {
    return family.encodes() ? new T5Rows() : new OptRows();
  }

  /**
   * Placeholders, padding, prompt and new tokens. Without an image token there are none but the new
   * ones.
   */
  private static final class OptRows implements DecodingParity.Rows {
    @Override
    public int countedBefore(GenerationSession loaded, List<int[]> prompts) {
      return Blip2Folder.promptLength(loaded, prompts);
    }

    @Override
    public int start(GenerationSession loaded, int[] reference, int[] prompt, String where) {
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

    @Override
    public int[] shown(GenerationSession loaded, int[] prompt) {
      return loaded.model().config().imageTokenId() == null ? new int[0] : prompt;
    }

    @Override
    public int filler(GenerationSession loaded, DecodingCase expected) {
      return loaded.padId();
    }
  }

  /** The decoder's start token and the new tokens. */
  private static final class T5Rows implements DecodingParity.Rows {
    @Override
    public int countedBefore(GenerationSession loaded, List<int[]> prompts) {
      return 1;
    }

    @Override
    public int start(GenerationSession loaded, int[] reference, int[] prompt, String where) {
      int startId = ((T5Config) loaded.model().config().text()).startId();
      assertEquals(startId, reference[0], where + ": start");
      return 1;
    }

    @Override
    public int[] shown(GenerationSession loaded, int[] prompt) {
      return new int[0];
    }

    /** Beams take a padding id of 0 for none and fill with the end token instead. */
    @Override
    public int filler(GenerationSession loaded, DecodingCase expected) {
      JsonElement beams = expected.args().get("num_beams");
      boolean searches = beams != null && beams.getAsInt() > 1;
      return searches && loaded.padId() == 0 ? loaded.endIds()[0] : loaded.padId();
    }
  }
}
