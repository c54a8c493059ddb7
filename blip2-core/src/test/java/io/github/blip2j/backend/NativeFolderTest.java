package io.github.blip2j.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On systems whose files have an owner and a mode. */
final class NativeFolderTest {
  private final Path folder;

  NativeFolderTest(@TempDir Path folder) throws IOException {
    this.folder = folder.toRealPath();
  }

  @Test
  void trouble_newFolder_isNoneAndTheFolderIsPrivate() throws IOException {
    Path cache = folder.resolve("a").resolve("b");

    assertNull(NativeFolder.trouble(cache));
    assertEquals("rwx------", mode(cache));
    assertEquals("rwx------", mode(folder.resolve("a")));
  }

  @Test
  void trouble_folderThatEverybodyCanWrite_isToldEvenIfSticky() throws IOException {
    Path cache = Files.createDirectory(folder.resolve("a"));
    for (int mode : new int[] {0777, 01777}) {
      Files.setAttribute(cache, "unix:mode", mode);

      assertEquals("of which everybody can write " + cache, NativeFolder.trouble(cache));
    }
  }

  @Test
  void trouble_belowAFolderThatEverybodyCanWrite_isNoneOnlyIfSticky() throws IOException {
    Path above = Files.createDirectory(folder.resolve("a"));
    Files.setAttribute(above, "unix:mode", 01777);

    assertNull(NativeFolder.trouble(above.resolve("b")));

    Files.setAttribute(above, "unix:mode", 0777);
    assertEquals("of which everybody can write " + above, NativeFolder.trouble(above.resolve("b")));
  }

  @Test
  void trouble_libraryThatEverybodyCanWrite_isTold() throws IOException {
    Path cache = folder.resolve("a");
    Path library = Files.createDirectories(cache.resolve("b")).resolve("lib.so");
    Files.writeString(library, "");
    Files.setPosixFilePermissions(library, PosixFilePermissions.fromString("rw-rw-rw-"));

    assertEquals("of which everybody can write " + library, NativeFolder.trouble(cache));
  }

  @Test
  void trouble_linkToAFolderThatEverybodyCanWrite_isTold() throws IOException {
    Path cache = Files.createDirectory(folder.resolve("a"));
    Files.setAttribute(cache, "unix:mode", 0777);
    Path link = Files.createSymbolicLink(folder.resolve("link"), cache);

    assertEquals("of which everybody can write " + cache, NativeFolder.trouble(link));
  }

  @Test
  void choose_takesTheFirstWithoutTrouble() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");

    assertEquals(
        folder.resolve("b"), NativeFolder.choose(List.of(file.resolve("a"), folder.resolve("b"))));
  }

  @Test
  void choose_none_namesTheSetting() throws IOException {
    Path cache = Files.createDirectory(folder.resolve("a"));
    Files.setAttribute(cache, "unix:mode", 0777);

    var thrown =
        assertThrows(IllegalStateException.class, () -> NativeFolder.choose(List.of(cache)));

    assertEquals(
        "org.bytedeco.javacpp.cachedir: folder for native libraries expected that nobody else can"
            + " write, got "
            + cache
            + ", of which everybody can write "
            + cache
            + "; name another with -Dorg.bytedeco.javacpp.cachedir=",
        thrown.getMessage());
  }

  @Test
  void use_tellsTheLibraries() {
    Natives.prepare();

    Path chosen = Path.of(System.getProperty("org.bytedeco.javacpp.cachedir", ""));
    assertNull(NativeFolder.trouble(chosen));
    assertNull(NativeFolder.trouble(Path.of(System.getProperty("jna.tmpdir", ""))));
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
