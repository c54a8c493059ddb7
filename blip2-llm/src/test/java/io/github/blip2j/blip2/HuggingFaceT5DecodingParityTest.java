package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonElement;
import io.github.blip2j.llm.T5Config;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What BLIP-2 with T5 writes, against transformers 5.18 and against itself, for every folder of
 * that kind; {@link DecodingParity} says how closely.
 */
final class HuggingFaceT5DecodingParityTest {

  static Stream<Path> folders() {
    return OptFolder.allOfT5().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void decoding_everyCase_equalsReference(Path folder) throws IOException {
    DecodingParity.assertEveryCase(folder, new T5Rows());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void everyBatch_equalsOneByOne(Path folder) throws IOException {
    DecodingParity.assertBatchesEqualOneByOne(folder);
  }

  /** The decoder's start token and the new tokens. */
  private static final class T5Rows implements DecodingParity.Rows {
    @Override
    public int countedBefore(LoadedModel loaded, List<int[]> prompts) {
      return 1;
    }

    @Override
    public int start(LoadedModel loaded, int[] reference, int[] prompt, String where) {
      int startId = ((T5Config) loaded.model().config().text()).startId();
      assertEquals(startId, reference[0], where + ": start");
      return 1;
    }

    @Override
    public int[] shown(LoadedModel loaded, int[] prompt) {
      return new int[0];
    }

    /** Beams take a padding id of 0 for none and fill with the end token instead. */
    @Override
    public int filler(LoadedModel loaded, DecodingCase expected) {
      JsonElement beams = expected.args().get("num_beams");
      boolean searches = beams != null && beams.getAsInt() > 1;
      return searches && loaded.padId() == 0 ? loaded.endIds()[0] : loaded.padId();
    }
  }
}
