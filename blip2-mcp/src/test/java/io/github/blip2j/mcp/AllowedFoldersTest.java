package io.github.blip2j.mcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files tools may read. */
final class AllowedFoldersTest {
  @TempDir Path temporary;
  private Path first = Path.of("");
  private Path second = Path.of("");
  private Path outside = Path.of("");

  @BeforeEach
  void makeFolders() throws IOException {
    Path real = temporary.toRealPath();
    first = real.resolve("first");
    Files.createDirectories(first.resolve("deep"));
    second = Files.createDirectory(real.resolve("second"));
    outside = Files.createDirectory(real.resolve("first-and-more"));
    Files.writeString(first.resolve("deep/a"), "a");
    Files.writeString(second.resolve("b"), "b");
    Files.writeString(outside.resolve("c"), "c");
  }

  private AllowedFolders both() throws IOException {
    return new AllowedFolders(List.of(first, second));
  }

  @Test
  void file_belowAFolder_isItsRealPath() throws IOException {
    assertEquals(first.resolve("deep/a"), both().file("path", "deep/a"));
    assertEquals(second.resolve("b"), both().file("path", "b"));
    assertEquals(second.resolve("b"), both().file("path", second + "/b"));
    assertEquals(second.resolve("b"), both().file("path", first + "/../second/b"));
    Path link = Files.createSymbolicLink(first.resolve("link"), second.resolve("b"));
    assertEquals(second.resolve("b"), both().file("path", link.toString()));
  }

  @Test
  void file_elsewhere_isRefused_whateverLeadsThere() throws IOException {
    Files.createSymbolicLink(first.resolve("file"), outside.resolve("c"));
    Files.createSymbolicLink(first.resolve("folder"), outside);
    Files.createSymbolicLink(first.resolve("loop"), first.resolve("loop"));
    for (String path :
        List.of(
            outside + "/c", "../first-and-more/c", "file", "folder/c", "/dev/zero", "/none", "")) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> both().file("path", path))
              .getMessage();
      boolean folder = path.isEmpty(); // the folder itself
      assertTrue(
          String.valueOf(message).contains(folder ? "got no file" : "got one elsewhere"), message);
    }
    assertThrows(IllegalArgumentException.class, () -> both().file("path", "loop"));
  }

  /** A folder that is named through a link is the real one. */
  @Test
  void folder_thatIsALink_isWhereItLeads() throws IOException {
    Path link = Files.createSymbolicLink(temporary.resolve("link"), second);
    var folders = new AllowedFolders(List.of(link));

    assertEquals(second.resolve("b"), folders.file("path", "b"));
    assertThrows(IOException.class, () -> new AllowedFolders(List.of(first.resolve("none"))));
    assertThrows(IllegalArgumentException.class, () -> new AllowedFolders(List.of()));
  }
}
