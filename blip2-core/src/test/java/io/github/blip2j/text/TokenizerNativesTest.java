package io.github.blip2j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TokenizerNativesTest {

  /** Runs alone in a process, because a process loads the library, or fails to, only once. */
  static final class Load {
    private Load() {}

    @SuppressWarnings("SystemOut") // how the process answers
    public static void main(String[] args) {
      try {
        TokenizerNatives.load();
        System.out.print("loaded " + System.getProperty("RUST_FLAVOR"));
      } catch (IOException e) {
        System.out.print(e.getMessage());
      }
    }
  }

  private final Path folder;

  TokenizerNativesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void load_freshCacheFolder_unpacksThere() throws Exception {
    assertEquals("loaded cpu", answer(folder.resolve("cache")));
    assertTrue(Files.isDirectory(folder.resolve("cache/tokenizers")));
  }

  @Test
  void load_cacheFolderThatCannotBeMade_namesTheSetting() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));

    assertEquals(
        "tokenizers: folder to unpack a library expected to be writable, got "
            + file.resolve("tokenizers")
            + ": Not a directory; set DJL_CACHE_DIR to one that is",
        answer(file));
  }

  @Test
  void unsupported_namesSystemAndCause() {
    var error = new UnsatisfiedLinkError("version `GLIBC_2.34' not found");

    assertEquals(
        "tokenizers: native library expected to run on "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch")
            + ", got UnsatisfiedLinkError (version `GLIBC_2.34' not found); it needs Linux with"
            + " glibc 2.34, macOS on ARM or Windows on x86-64",
        TokenizerNatives.unsupported(error));
  }

  private static String answer(Path cache) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-DDJL_CACHE_DIR=" + cache,
                "-cp",
                System.getProperty("java.class.path", ""),
                Load.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    byte[] output = process.getInputStream().readAllBytes();
    assertEquals(0, process.waitFor());
    return new String(output, StandardCharsets.UTF_8);
  }
}
