package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.io.tensor.TensorEntry;
import io.github.blip2j.io.tensor.TensorSpec;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.InScope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints whose header says what no run has written. */
@ExtendWith(InScope.class)
final class CheckpointHeaderTest {
  private final Path folder;
  private final TrainingSettings settings;

  CheckpointHeaderTest(@TempDir Path folder) {
    this.folder = folder;
    this.settings =
        TrainingSettings.of(folder, Schedule.Constant.of(1))
            .withEpochs(4)
            .withMaxSteps(100)
            .withSeed(5);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "epoch|99999999999|epoch expected from 0 to 4, where this run ends, got 99999999999;"
            + " resume with the settings of the start",
        "epoch|5|epoch expected from 0 to 4, where this run ends, got 5; resume with the settings of"
            + " the start",
        "epoch|-1|epoch expected from 0 to 4, where this run ends, got -1; resume with the settings"
            + " of the start",
        "batch|-7|batch expected from 0 to 6, where this run ends, got -7; resume with the settings"
            + " of the start",
        "batch|9223372036854775807|batch expected from 0 to 6, where this run ends, got"
            + " 9223372036854775807; resume with the settings of the start",
        "step|-5|step expected from 0 to 100, where this run ends, got -5; resume with the settings"
            + " of the start",
        "step|101|step expected from 0 to 100, where this run ends, got 101; resume with the"
            + " settings of the start",
        "step|11|step expected 12 as in its name, got 11; it was changed or renamed",
        "step|9999999999999999999|header expected a number as step, got 9999999999999999999; it is"
            + " no checkpoint of a run",
        "seed|9999999999999999999|header expected a number as seed, got 9999999999999999999; it is"
            + " no checkpoint of a run",
        "batch|1e3|header expected a number as batch, got 1e3; it is no checkpoint of a run",
        "batch|\u0663|header expected a number as batch, got \u0663; it is no checkpoint of a run",
        "step|\u06f1\u06f2|header expected a number as step, got \u06f1\u06f2; it is no checkpoint"
            + " of a run",
        "epoch|''|header expected a number as epoch, got ; it is no checkpoint of a run",
        "accumulate|99999999999999999999|header expected a number as accumulate, got"
            + " 99999999999999999999; it is no checkpoint of a run",
      })
  void restore_number_isRefusedBeforeAnythingChanges(String key, String value, String message)
      throws IOException {
    try (Toy toy = new Toy(7, 0);
        Toy other = new Toy(8, 0)) {
      Path file = checkpoints(toy).write(new TrainingPosition(12, 3, 4), settings);
      change(file, key, value);
      float[] before = other.weights();

      var thrown =
          assertThrows(CheckpointException.class, () -> checkpoints(other).restore(file, settings));

      assertEquals("step-00000012.safetensors: " + message, thrown.getMessage());
      assertArrayEquals(before, other.weights());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"step", "seed", "schedule", "optimizer", "optimizer.beta1", "listener.x"})
  void withSizes_nameOfTheHeader_isRefused(String name) {
    try (Toy toy = new Toy(7, 0)) {
      CheckpointFolder own = checkpoints(toy);

      var thrown =
          assertThrows(IllegalArgumentException.class, () -> own.withSizes(Map.of(name, 1L)));

      assertEquals(
          "checkpoint: name of a size expected, none of the header's own, got '"
              + name
              + "'; choose another, such as batch_size",
          thrown.getMessage());
    }
  }

  private CheckpointFolder checkpoints(Toy toy) {
    return new CheckpointFolder(folder, toy.optimizer, SafetensorsWriter::write)
        .withSizes(Map.of("accumulate", 1L))
        .withBatches(OptionalLong.of(6));
  }

  /** Writes the same file with another value in its header. */
  private static void change(Path file, String key, String value) throws IOException {
    try (SafetensorsFile old = SafetensorsFile.open(file)) {
      Map<String, String> metadata = new TreeMap<>(old.metadata());
      metadata.put(key, value);
      List<TensorSpec> specs = new ArrayList<>();
      for (TensorEntry entry : old.tensors().values()) {
        specs.add(new TensorSpec(entry.name(), entry.dtype(), entry.shape()));
      }
      try (var changed = SafetensorsWriter.create(file, specs, metadata)) {
        for (TensorSpec spec : specs) {
          ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(spec.byteSize()));
          old.read(spec.name(), 0, bytes);
          changed.write(spec.name(), bytes.flip());
        }
      }
    }
  }
}
