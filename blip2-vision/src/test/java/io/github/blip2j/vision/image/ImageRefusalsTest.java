package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.Fixtures;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Files that Pillow refuses are refused, in words, and without making room for what they claim. */
final class ImageRefusalsTest {
  private static final long MOST_BYTES = 4 << 20; // of which the texts that expand take most
  private static final String REFUSAL =
      "(?s).*: image expected .*, got a (truncated [A-Z]+ file|damaged [A-Z]+ file \\(.+\\));"
          + " copy or download it again";

  static List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(Fixtures.own("image-refusals"))) {
      return files.filter(file -> !file.toString().endsWith(".json")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void decode_whatPillowRefuses_isRefused(Path file) {
    var decoder = new ImageDecoder();

    var e = assertThrows(UnreadableImageException.class, () -> decoder.decode(file));

    String message = String.valueOf(e.getMessage());
    assertTrue(message.matches(REFUSAL), message);
  }

  @ParameterizedTest
  @MethodSource("files")
  void decode_whatPillowRefuses_makesNoRoom(Path file) {
    var decoder = new ImageDecoder();
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    assertThrows(UnreadableImageException.class, () -> decoder.decode(file)); // loads classes

    long before = threads.getCurrentThreadAllocatedBytes();
    assertThrows(UnreadableImageException.class, () -> decoder.decode(file));
    long bytes = threads.getCurrentThreadAllocatedBytes() - before;

    assertTrue(bytes < MOST_BYTES, bytes + " bytes");
  }
}
