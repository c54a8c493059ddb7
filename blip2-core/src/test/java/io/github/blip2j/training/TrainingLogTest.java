package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    TrainingLog.open(folder, step).close();

    assertEquals(THREE.substring(0, length), Files.readString(file));
  }

  @Test
  void open_halfALine_isCutOff() throws IOException {
    Files.writeString(file, THREE + "{\"step\":35,\"epo");

    TrainingLog.open(folder, 40).close();

    assertEquals(THREE, Files.readString(file));
  }

  @ParameterizedTest
  @CsvSource({"'hello'", "'{\"step\":\"3\"}'"})
  void open_anotherFile_isLeftAlone(String line) throws IOException {
    Files.writeString(file, "{\"step\":10}\n" + line + "\n");

    var refused = assertThrows(IOException.class, () -> TrainingLog.open(folder, 40));

    assertEquals(
        "log.jsonl: line 2 expected to begin with {\"step\": and a number, got %s; move the file away"
            .formatted(line),
        refused.getMessage());
    assertEquals("{\"step\":10}\n" + line + "\n", Files.readString(file));
  }
}
