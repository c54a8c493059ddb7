package io.github.blip2j.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Tests of data files that they write into a folder. */
abstract class WrittenFiles {
  final Path folder;

  WrittenFiles(Path folder) {
    this.folder = folder;
  }

  final Path write(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  final List<DataRecord> read(String name, String text) throws IOException {
    return DataFile.of(write(name, text)).read();
  }

  /** A way to read a file. */
  @FunctionalInterface
  interface Reading {
    Object of(DataFile file) throws IOException;
  }

  static void assertRefused(Path file, String message) {
    assertRefused(DataFile.of(file), message);
  }

  static void assertRefused(DataFile file, String message) {
    assertRefused(file, DataFile::read, message);
  }

  static void assertRefused(DataFile file, Reading reading, String message) {
    assertEquals(
        file.path() + ": " + message,
        assertThrows(DataException.class, () -> reading.of(file)).getMessage());
  }
}
