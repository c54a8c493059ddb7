package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TrainingLogTest {
  private static final String THREE = "{\"step\":10}\n{\"step\":20}\n{\"step\":30}\n";

  private final Path folder;
  private final Path file;

  TrainingLogTest(@TempDir Path folder) {
    this.folder = folder;
    this.file = folder.resolve(TrainingLog.NAME);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "9, 0", "10, 12", "25, 24", "30, 36", "99, 36"})
  void open_atStep_keepsWhatWasLoggedUpToIt(long step, int length) throws IOException {
    Files.writeString(file, THREE);

    TrainingLog.open(folder, step, Precision.FLOAT32).close();

    assertEquals(THREE.substring(0, length), Files.readString(file));
  }

  @Test
  void open_halfALine_isCutOff() throws IOException {
    Files.writeString(file, THREE + "{\"step\":35,\"epo");

    TrainingLog.open(folder, 40, Precision.FLOAT32).close();

    assertEquals(THREE, Files.readString(file));
  }

  @ParameterizedTest
  @CsvSource({"'hello'", "'{\"step\":\"3\"}'"})
  void open_anotherFile_isLeftAlone(String line) throws IOException {
    Files.writeString(file, "{\"step\":10}\n" + line + "\n");

    var refused =
        assertThrows(IOException.class, () -> TrainingLog.open(folder, 40, Precision.FLOAT32));

    assertEquals(
        String.format(
            Locale.ROOT,
            "log.jsonl: line 2 expected to begin with {\"step\": and a number, got %s; move the file away",
            line),
        refused.getMessage());
    assertEquals("{\"step\":10}\n" + line + "\n", Files.readString(file));
  }

  @Test
  void write_roundedFactors_namesThem() throws IOException {
    var report = new StepReport(new TrainingPosition(1, 0, 1), 0.5, Map.of(), 2, 4, null);
    try (var log = TrainingLog.open(folder, 0, Precision.BFLOAT16)) {
      log.write(report);
    }

    assertEquals(
        "{\"step\":1,\"epoch\":0,\"lr\":0.5,\"grad_norm\":2.0,\"samples_per_s\":4.0,"
            + "\"dtype\":\"bfloat16\"}\n",
        Files.readString(file));
  }
}
