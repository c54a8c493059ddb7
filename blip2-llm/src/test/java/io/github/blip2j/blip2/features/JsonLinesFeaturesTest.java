package io.github.blip2j.blip2.features;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class JsonLinesFeaturesTest {
  private final Path folder;

  JsonLinesFeaturesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void close_fullDisk_namesTheFile() throws IOException {
    Path target = folder.resolve("f.jsonl");
    var full = Files.newBufferedWriter(Path.of("/dev/full")); // as Linux calls one
    var features = new JsonLinesFeatures(target, OutputFile.create(target), full);
    features.texts(List.of("a star"), List.of(new float[] {1, 2}));
    features.finish();

    var thrown = assertThrows(IOException.class, features::close);

    assertEquals(
        target
            + ": file expected to be written, got No space left on device; make room and run it"
            + " again",
        thrown.getMessage());
    try (var left = Files.list(folder)) {
      assertEquals(List.of(), left.toList());
    }
  }
}
