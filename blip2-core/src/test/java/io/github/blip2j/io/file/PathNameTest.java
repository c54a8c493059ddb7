package io.github.blip2j.io.file;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PathNameTest {
  @TempDir private Path folder;

  private Path path(String address) {
    return Path.of(URI.create(folder.toUri() + address));
  }

  @Test
  void of_bytesAndSigns_areToldApart() {
    assertEquals(folder + "/caf\\xe9.png", PathName.of(path("caf%E9.png")));
    assertEquals(folder + "/caf\\x5cxe9.png", PathName.of(path("caf%5Cxe9.png")));
    assertEquals(folder + "/\\x5cx5cxe9", PathName.of(path("%5Cx5cxe9")));
    assertEquals(folder + "/a\\b\\x\\xF0é", PathName.of(path("a%5Cb%5Cx%5CxF0%C3%A9")));
  }

  /** Every name leads back to its file and to no other, whatever lies beside it. */
  @Test
  void listed_allNames_leadBack() throws IOException {
    List<String> parts = List.of("%5C", "x", "e9", "5c", "%E9", "%C3%A9");
    Set<String> names = new HashSet<>();
    Set<Path> files = new HashSet<>();
    for (String a : parts) {
      for (String b : parts) {
        for (String c : parts) {
          for (String d : parts) {
            files.add(path(a + b + c + d));
          }
        }
      }
    }
    for (Path file : files) {
      Files.createFile(file);
    }

    for (Path file : files) {
      names.add(PathName.of(file));
      assertEquals(file, PathName.listed(Path.of("/"), PathName.of(file)));
      String inFolder = PathName.of(file).substring(folder.toString().length() + 1);
      assertEquals(file, PathName.listed(folder, inFolder));
    }
    assertEquals(files.size(), names.size());
  }

  @Test
  void listed_nameThatOnlyIsToTheLetter_isThat() throws IOException {
    Path literal = Files.createFile(path("a%5Cxe9"));

    assertEquals(literal, PathName.listed(folder, "a\\xe9"));
    Files.createFile(path("a%E9"));
    assertEquals(path("a%E9"), PathName.listed(folder, "a\\xe9"));
  }

  @Test
  void typed_nameOfBoth_isTheOneToTheLetter() throws IOException {
    Files.createFile(path("a%E9"));
    assertEquals(path("a%E9"), PathName.typed(folder + "/a\\xe9"));
    Files.createFile(path("a%5Cxe9"));
    assertEquals(path("a%5Cxe9"), PathName.typed(folder + "/a\\xe9"));
  }

  @Test
  void withEnding_ofBytes_keepsThem() {
    assertEquals(path("caf%E9.x.txt"), PathName.withEnding(path("caf%E9.x.png"), ".txt"));
    assertEquals(path("%E9.txt"), PathName.withEnding(path("%E9"), ".txt"));
    assertEquals(path(".hidden.txt"), PathName.withEnding(path(".hidden"), ".txt"));
  }
}
