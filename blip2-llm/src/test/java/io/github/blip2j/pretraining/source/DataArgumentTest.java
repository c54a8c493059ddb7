package io.github.blip2j.pretraining.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of data sets with weights. */
final class DataArgumentTest {
  @Test
  void parseAll_bracesAndWeights_areTakenApart() {
    assertEquals(
        List.of(new DataArgument("a.json", 2.0), new DataArgument("s/{0,1}.tar", 0.5)),
        DataArgument.parseAll("a.json:2,s/{0,1}.tar:5e-1"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "nan", "NaN", "inf", "-Infinity", "1.2.3"})
  void parseAll_weightThatIsNoneAboveZero_isRefused(String weight) {
    var refused =
        assertThrows(
            IllegalArgumentException.class, () -> DataArgument.parseAll("s/{0..2}.tar:" + weight));

    assertEquals(
        "data: weight of s/{0..2}.tar expected a number above 0, got "
            + weight
            + "; leave the set out, or the weight",
        refused.getMessage());
  }

  @Test
  void parseAll_fileWithCommaInItsName_isOne(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("a,b.json"), "[]");

    assertEquals(
        List.of(new DataArgument(file.toString(), null)), DataArgument.parseAll(file.toString()));
  }
}
