package io.github.blip2j.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.FolderLock;
import io.github.blip2j.io.safetensors.SafetensorsWriter;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.tensor.InScope;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** One folder, two runs; and runs where numbers are written in other digits. */
@ExtendWith(InScope.class)
final class SharedFolderTest {
  private final Path folder;
  private final TrainingSettings settings;

  SharedFolderTest(@TempDir Path folder) {
    this.folder = folder;
    this.settings =
        TrainingSettings.of(folder, Schedule.Constant.of(1e-3))
            .withEpochs(2)
            .withLogEvery(1)
            .withCheckpointEvery(2)
            .withKeep(2);
  }

  private static Trainer<Toy.ToyBatch> trainer(Toy toy, TrainingSettings settings) {
    return new Trainer<>(toy::losses, Toy.source(5, 4), toy.optimizer, settings);
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  private String taken() {
    return "training: folder expected without a run, got "
        + folder
        + ", which another run is writing to; wait for it or choose another";
  }

  /** Holds the lock of a folder, in a process of its own, until it is ended. */
  static final class OtherRun {
    private OtherRun() {}

    public static void main(String[] args) throws Exception {
      try (var lock = FolderLock.take(Path.of(args[0]), Trainer.OWNER)) {
        System.out.write('.');
        System.out.flush();
        TimeUnit.MINUTES.sleep(1);
      }
    }
  }

  @Test
  void start_whileAnotherRunIsOn_isRefusedAndDisturbsNothing() throws IOException {
    List<String> refusals = new ArrayList<>();
    try (Toy toy = new Toy(7, 0);
        Toy other = new Toy(8, 0)) {
      TrainingListener meanwhile =
          new TrainingListener() {
            @Override
            public void stepped(StepReport report) {
              var start =
                  assertThrows(
                      IllegalStateException.class,
                      () -> trainer(other, settings).start(TrainingListener.NONE));
              var resume =
                  assertThrows(
                      IllegalStateException.class,
                      () -> trainer(other, settings).resume(TrainingListener.NONE));
              var early =
                  assertThrows(IllegalStateException.class, () -> Trainer.requireFree(folder));
              Stream.of(start, resume, early).forEach(e -> refusals.add(e.getMessage()));
            }
          };
      trainer(toy, settings.withMaxSteps(3)).start(meanwhile);
      assertEquals(Collections.nCopies(9, taken()), refusals);
      assertEquals(3, Files.readAllLines(folder.resolve("log.jsonl")).size());

      trainer(toy, settings).resume(TrainingListener.NONE);
    }
    assertEquals(
        List.of("log.jsonl", "step-00000008.safetensors", "step-00000010.safetensors"), names());
  }

  @Test
  void start_whileAnotherProcessIsOn_isRefusedUntilItIsKilled() throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Process other =
        new ProcessBuilder(
                java,
                "-cp",
                System.getProperty("java.class.path"),
                OtherRun.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (Toy toy = new Toy(7, 0)) {
      try {
        assertEquals('.', other.getInputStream().read());
        var refused =
            assertThrows(
                IllegalStateException.class,
                () -> trainer(toy, settings).start(TrainingListener.NONE));
        assertEquals(taken(), refused.getMessage());
      } finally {
        other.destroyForcibly().waitFor();
      }
      trainer(toy, settings.withMaxSteps(1)).start(TrainingListener.NONE);
    }
    assertEquals(List.of("log.jsonl", "step-00000001.safetensors"), names());
  }

  @Test
  void take_lockThatIsALink_isRefused() throws IOException {
    Files.createSymbolicLink(folder.resolve(".lock"), Path.of("/dev/null"));

    assertThrows(IOException.class, () -> FolderLock.take(folder, Trainer.OWNER));
  }

  @Test
  void requireFree_file_isRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("run"), "");

    var refused = assertThrows(IOException.class, () -> Trainer.requireFree(file));
    assertEquals(file + ": folder expected, got a file; name another", refused.getMessage());
  }

  @Test
  void write_removesLeftOversBeforeItNeedsRoom() throws IOException {
    Path half =
        Files.writeString(
            folder.resolve(".step-00000010.safetensors.258ba456-c005-4e60-a060-eef79f410f49.tmp"),
            "half");
    List<Boolean> there = new ArrayList<>();
    try (Toy toy = new Toy(7, 0)) {
      var checkpoints =
          new CheckpointFolder(
              folder,
              toy.optimizer,
              (file, name, bytes) -> {
                there.add(Files.exists(half));
                file.write(name, bytes);
              });
      checkpoints.write(new TrainingPosition(6, 1, 1), settings);
    }
    assertEquals(List.of(false), there.stream().distinct().toList());
  }

  @Test
  void write_leavesWhatAnotherProcessIsWriting() throws IOException {
    Path busy = folder.resolve(".step-00000010.safetensors.0f8fad5b.tmp");
    try (Toy toy = new Toy(7, 0);
        FileChannel channel =
            FileChannel.open(busy, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var lock = channel.lock()) {
      var checkpoints = new CheckpointFolder(folder, toy.optimizer, SafetensorsWriter::write);
      checkpoints.write(new TrainingPosition(6, 1, 1), settings);

      assertEquals(true, lock.isValid() && Files.exists(busy));
    }
  }

  @Test
  void startAndResume_whereDigitsAreOthers_nameAndFindTheSameFiles() throws IOException {
    Locale before = Locale.getDefault();
    try (Toy toy = new Toy(7, 0)) {
      for (String tag : List.of("fa-IR", "ar-EG-u-nu-arab", "tr-TR")) {
        Locale.setDefault(Locale.forLanguageTag(tag));
        Path run = Files.createDirectory(folder.resolve(tag));
        TrainingSettings here =
            TrainingSettings.of(run, Schedule.Constant.of(1e-3)).withEpochs(2).withKeep(1);
        trainer(toy, here.withMaxSteps(3)).start(TrainingListener.NONE);
        trainer(toy, here).resume(TrainingListener.NONE);

        try (Stream<Path> files = Files.list(run)) {
          assertEquals(
              List.of("log.jsonl", "step-00000010.safetensors"),
              files.map(file -> String.valueOf(file.getFileName())).sorted().toList());
        }
      }
    } finally {
      Locale.setDefault(before);
    }
  }
}
