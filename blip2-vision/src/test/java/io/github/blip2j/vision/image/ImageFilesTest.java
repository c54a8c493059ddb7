package io.github.blip2j.vision.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ImageFilesTest {
  @TempDir private Path folder;

  @Test
  void in_folderOfFolders_findsPicturesSortedAndNoHiddenOnes() throws IOException {
    for (String name :
        List.of("b.PNG", "a.jpg", "notes.txt", ".hidden.png", "deep/er/c.webp", ".git/d.png")) {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "");
    }
    Files.createDirectory(folder.resolve("e.png"));

    assertEquals(
        Stream.of("a.jpg", "b.PNG", "deep/er/c.webp").map(folder::resolve).toList(),
        ImageFiles.in(folder));
  }

  @Test
  void in_folderLinkedIntoItself_ends() throws IOException {
    Files.writeString(folder.resolve("a.jpg"), "");
    Files.createSymbolicLink(folder.resolve("again"), folder);

    assertEquals(List.of(folder.resolve("a.jpg")), ImageFiles.in(folder));
  }

  @Test
  void in_noFolder_throws() {
    assertThrows(IOException.class, () -> ImageFiles.in(folder.resolve("none")));
  }
}
