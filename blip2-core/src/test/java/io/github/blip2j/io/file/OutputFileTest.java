package io.github.blip2j.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.Holder;
import io.github.blip2j.io.safetensors.SafetensorsWriterTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OutputFileTest {
  private static final String LEFT = ".%s.0f8fad5b-d9cb-469f-a165-70867728950e.tmp";

  private final Path folder;
  private final Path target;

  OutputFileTest(@TempDir Path folder) {
    this.folder = folder;
    this.target = folder.resolve("a.bin");
  }

  @Test
  void require_device_isRefused() {
    assertEquals(
        "/dev/null: file expected, got a device, pipe or socket; name another",
        failure(Path.of("/dev/null")));
  }

  @Test
  void require_linkToADevice_isRefused() throws IOException {
    Path link = Files.createSymbolicLink(target, Path.of("/dev/null"));

    assertEquals(
        link + ": file expected, got a device, pipe or socket; name another", failure(link));
  }

  @Test
  void require_linkToNothing_isRefused() throws IOException {
    Path link = Files.createSymbolicLink(target, folder.resolve("none"));

    assertEquals(link + ": file expected, got a link to nothing; name another", failure(link));
  }

  @Test
  void require_folder_isRefused() {
    assertEquals(folder + ": file expected, got a folder; name a file in it", failure(folder));
  }

  @Test
  void requireFolder_file_isRefused() throws IOException {
    OutputFile.write(target, "a");

    var thrown = assertThrows(CheckpointException.class, () -> OutputFile.requireFolder(target));
    assertEquals(target + ": folder expected, got a file; name another", thrown.getMessage());
  }

  @Test
  void makeFolder_belowAFile_isRefused() throws IOException {
    OutputFile.write(target, "a");

    assertThrows(IOException.class, () -> OutputFile.makeFolder(target.resolve("b")));
  }

  @Test
  void write_linkToAFile_replacesWhatItLeadsTo() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    Path file = Files.writeString(other.resolve("b.bin"), "old");
    Files.createSymbolicLink(target, file);

    OutputFile.write(target, "new");

    assertTrue(Files.isSymbolicLink(target));
    assertEquals("new", Files.readString(file));
    assertEquals(List.of("b.bin"), SafetensorsWriterTest.names(other));
  }

  @Test
  void publish_whereADeviceAppeared_isRefusedAndLeavesNothing() throws IOException {
    try (OutputFile file = OutputFile.create(target)) {
      Files.createSymbolicLink(target, Path.of("/dev/null"));

      assertThrows(CheckpointException.class, file::publish);
    }

    assertEquals(List.of("a.bin"), SafetensorsWriterTest.names(folder));
    assertTrue(Files.isSymbolicLink(target));
  }

  @Test
  void write_nameOfMostLetters_isWritten() throws IOException {
    Path longest = folder.resolve("x".repeat(255));

    OutputFile.write(longest, "a");

    assertEquals("a", Files.readString(longest));
  }

  @Test
  void create_removesWhatAKilledWriterLeftOfTheSame() throws IOException {
    Files.writeString(folder.resolve(String.format(Locale.ROOT, LEFT, "a.bin")), "half");
    Files.writeString(folder.resolve(String.format(Locale.ROOT, LEFT, "b.bin")), "another's");

    OutputFile.create(target).close();

    assertEquals(
        List.of(String.format(Locale.ROOT, LEFT, "b.bin")), SafetensorsWriterTest.names(folder));
  }

  @Test
  void create_whereAnotherIsAtWork_isRefused() throws IOException {
    try (OutputFile file = OutputFile.create(target)) {
      String message = failedCreation();

      assertTrue(message.startsWith(target + ": one writer expected, got another"), message);
      file.publish();
    }
    OutputFile.create(target).close();
  }

  @Test
  void create_whereAnotherProcessIsAtWork_isRefusedUntilItIsKilled() throws Exception {
    Process other = Holder.start("file", target);
    try {
      String message = failedCreation();
      assertTrue(message.startsWith(target + ": one writer expected, got another"), message);
    } finally {
      other.destroyForcibly().waitFor();
    }
    assertEquals(1, SafetensorsWriterTest.names(folder).size());

    OutputFile.write(target, "new");

    assertEquals(List.of("a.bin"), SafetensorsWriterTest.names(folder));
  }

  @Test
  void create_processThatIsToldToEnd_leavesNothing() throws Exception {
    Process other = Holder.start("file", target);
    other.destroy();
    other.waitFor();

    assertEquals(List.of(), SafetensorsWriterTest.names(folder));
  }

  @Test
  void temporaryFolder_processThatIsToldToEnd_leavesNothing() throws Exception {
    Process other = Holder.start("folder", folder);
    other.destroy();
    other.waitFor();

    assertEquals(List.of(), SafetensorsWriterTest.names(folder));
  }

  @Test
  void temporaryFolder_removesThatOfAKilledProcessAndNoOther() throws Exception {
    Process killed = Holder.start("folder", folder);
    killed.destroyForcibly().waitFor();
    Process alive = Holder.start("folder", folder);
    try (var own = TemporaryFolder.create(folder, "some", List.of())) {
      Files.writeString(own.path().resolve("a"), "a");

      assertEquals(2, SafetensorsWriterTest.names(folder).size());
    } finally {
      alive.destroyForcibly().waitFor();
    }
    assertEquals(1, SafetensorsWriterTest.names(folder).size());
  }

  private static String failure(Path target) {
    var thrown = assertThrows(CheckpointException.class, () -> OutputFile.require(target));
    return String.valueOf(thrown.getMessage());
  }

  private String failedCreation() {
    var thrown = assertThrows(CheckpointException.class, () -> OutputFile.create(target));
    return String.valueOf(thrown.getMessage());
  }
}
