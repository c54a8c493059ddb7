package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as a process of its own: what the shell sees of it, native libraries included. */
final class MainTest {
  @TempDir Path folder;

  @Test
  void caption_ofPicture_printsItAlone() throws Exception {
    assertEquals(
        new Shell(0, "a yellow square to the left of a green square\n", ""),
        process("caption", Shell.image("b.png"), "--model", Shell.GOLDEN));
  }

  @Test
  void caption_withoutImage_isWrongUsage() throws Exception {
    Shell shell = process("caption");

    assertEquals(2, shell.exit());
    assertEquals("", shell.out());
    assertTrue(shell.err().startsWith("blip2: "), shell.err());
  }

  @Test
  void caption_ofMissingFile_saysSoInOneLine() throws Exception {
    Path missing = folder.resolve("missing.png");

    String got =
        ": image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got no such file; check the path\n";
    assertEquals(
        new Shell(1, "", "blip2: " + missing + got), process("caption", missing.toString()));
  }

  /** Starts Java as {@code bin/blip2} does, on the classes under test. */
  private Shell process(String... args) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    if (Runtime.version().feature() >= 24) { // which otherwise warns of native access
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("--sun-misc-unsafe-memory-access=allow");
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(args));
    File out = folder.resolve("out").toFile();
    File err = folder.resolve("err").toFile();
    var builder = new ProcessBuilder(command).redirectOutput(out).redirectError(err);
    builder.environment().remove("JAVA_TOOL_OPTIONS"); // with which Java says so on standard error
    Process process = builder.start();
    try {
      assertTrue(process.waitFor(2, TimeUnit.MINUTES), "an end within two minutes expected");
    } finally {
      process.destroyForcibly();
    }
    // A machine that is slow or busy hears of progress meanwhile.
    String said = text(err).replaceAll("(?m)^blip2: loading .*, \\d+ s\n", "");
    return new Shell(process.exitValue(), text(out), said);
  }

  private static String text(File file) throws IOException {
    return Files.readString(file.toPath(), StandardCharsets.UTF_8)
        .replace(System.lineSeparator(), "\n");
  }
}
