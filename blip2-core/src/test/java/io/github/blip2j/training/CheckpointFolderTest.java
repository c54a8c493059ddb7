package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(InScope.class)
final class CheckpointFolderTest {
  private final Path folder;
  private final TrainingSettings settings;
  private final Toy toy = new Toy(7, 0);

  CheckpointFolderTest(@TempDir Path folder) {
    this.folder = folder;
    this.settings =
        TrainingSettings.of(folder, Schedule.Constant.of(1)).withEpochs(4).withSeed(5).withKeep(1);
  }

  @AfterEach
  void release() {
    toy.close();
  }

  private CheckpointFolder checkpoints(AdamW optimizer) {
    return new CheckpointFolder(folder, optimizer, SafetensorsWriter::write);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  @Test
  void write_holdsTrainedParametersStateAndPosition() throws IOException {
    Path file = checkpoints(toy.optimizer).write(new TrainingPosition(12, 3, 4), settings);

    try (SafetensorsFile saved = SafetensorsFile.open(file)) {
      assertEquals(
          List.of(
              "first.bias",
              "first.weight",
              "optimizer.m.first.bias",
              "optimizer.m.first.weight",
              "optimizer.m.second.bias",
              "optimizer.m.second.weight",
              "optimizer.step.first.bias",
              "optimizer.step.first.weight",
              "optimizer.step.second.bias",
              "optimizer.step.second.weight",
              "optimizer.v.first.bias",
              "optimizer.v.first.weight",
              "optimizer.v.second.bias",
              "optimizer.v.second.weight",
              "second.bias",
              "second.weight"),
          List.copyOf(saved.tensors().keySet()));
      assertEquals("12", saved.metadata().get("step"));
    }
    assertEquals(
        new TrainingPosition(12, 3, 4), checkpoints(toy.optimizer).restore(file, settings));
  }

  @Test
  void restore_ofAnotherPrecision_isRefused() throws IOException {
    Path file = checkpoints(toy.optimizer).write(new TrainingPosition(3, 0, 3), settings);
    TrainingSettings narrow = settings.withPrecision(Precision.BFLOAT16);

    var thrown =
        assertThrows(
            CheckpointException.class, () -> checkpoints(toy.optimizer).restore(file, narrow));

    assertEquals(
        "step-00000003.safetensors: dtype expected float32, with which the run was started, got"
            + " bfloat16 from the settings of this resume; resume with float32",
        thrown.getMessage());
  }

  @Test
  void write_moreThanKept_removesTheOldest() throws IOException {
    var checkpoints = checkpoints(toy.optimizer);
    for (long step : new long[] {99_999_998, 99_999_999, 100_000_000}) {
      checkpoints.write(new TrainingPosition(step, 0, step), settings.withKeep(2));
    }

    assertEquals(List.of("step-100000000.safetensors", "step-99999999.safetensors"), names());
    assertEquals(folder.resolve("step-100000000.safetensors"), checkpoints.newest());
  }

  @Test
  void write_fullDisk_leavesThePreviousWholeAndNothingElse() throws IOException {
    Path first = checkpoints(toy.optimizer).write(new TrainingPosition(3, 0, 3), settings);
    byte[] before = Files.readAllBytes(first);
    int[] room = {100};
    var full =
        new CheckpointFolder(
            folder,
            toy.optimizer,
            (file, name, bytes) -> {
              room[0] -= bytes.remaining();
              if (room[0] < 0) {
                throw new IOException("No space left on device");
              }
              file.write(name, bytes);
            });

    var thrown =
        assertThrows(IOException.class, () -> full.write(new TrainingPosition(6, 1, 1), settings));

    assertEquals(
        "step-00000006.safetensors: checkpoint expected to be written, got No space left on device; step-00000003.safetensors is whole; make room and resume",
        thrown.getMessage());
    assertEquals(List.of("step-00000003.safetensors"), names());
    assertArrayEquals(before, Files.readAllBytes(first));
  }

  @Test
  void write_failsWithoutAnyBefore_saysSo() {
    var full =
        new CheckpointFolder(
            folder,
            toy.optimizer,
            (file, name, bytes) -> {
              throw new IOException("file", new IOException("Disk quota exceeded"));
            });

    var thrown =
        assertThrows(IOException.class, () -> full.write(new TrainingPosition(6, 1, 1), settings));

    assertEquals(
        "step-00000006.safetensors: checkpoint expected to be written, got Disk quota exceeded; there is none before it; make room and resume",
        thrown.getMessage());
  }

  @Test
  void write_afterAKill_removesWhatWasHalfWritten() throws IOException {
    Files.writeString(folder.resolve(".step-00000003.safetensors.0a-1b.tmp"), "half");
    Files.writeString(folder.resolve("notes.tmp"), "not ours");

    checkpoints(toy.optimizer).write(new TrainingPosition(6, 1, 1), settings);

    assertEquals(List.of("notes.tmp", "step-00000006.safetensors"), names());
  }

  @Test
  void restore_ofAnotherModel_isRefusedBeforeAnythingChanges() throws IOException {
    Path file = checkpoints(toy.optimizer).write(new TrainingPosition(3, 0, 3), settings);

    try (Toy other = new Toy(1, 0)) {
      other.params.all().values().forEach(parameter -> parameter.train());
      try (AdamW more = new AdamW(ParameterGroup.of(other.params.all().values(), 0), Toy.RULE)) {
        float[] before = other.weights();

        var refused =
            assertThrows(
                CheckpointException.class, () -> checkpoints(more).restore(file, settings));

        assertEquals(
            "step-00000003.safetensors: tensors of this run expected, got 8 others (frozen.bias is missing, frozen.weight is missing, optimizer.m.frozen.bias is missing, optimizer.v.frozen.bias is missing, ...); resume with the settings of its start, or start in another folder",
            refused.getMessage());
        assertArrayEquals(before, other.weights());
      }
    }
  }

  @Test
  void restore_ofFewerParameters_namesTheRest() throws IOException {
    Path file = checkpoints(toy.optimizer).write(new TrainingPosition(3, 0, 3), settings);

    try (Toy other = new Toy(1, 0)) {
      var three =
          other.params.all().values().stream()
              .filter(p -> p.isTrained() && !p.name().equals("second.bias"))
              .toList();
      try (AdamW fewer = new AdamW(ParameterGroup.of(three, 0), Toy.RULE)) {
        var refused =
            assertThrows(
                CheckpointException.class, () -> checkpoints(fewer).restore(file, settings));

        assertEquals(
            "step-00000003.safetensors: tensors of this run expected, got 4 others (optimizer.m.second.bias is not trained here, optimizer.step.second.bias is not trained here, optimizer.v.second.bias is not trained here, second.bias is not trained here); resume with the settings of its start, or start in another folder",
            refused.getMessage());
      }
    }
  }
}
