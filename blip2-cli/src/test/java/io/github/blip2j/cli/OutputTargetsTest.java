package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is named as an output, and what folders hold. */
final class OutputTargetsTest {
  private static final Path GOLDEN =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden");
  private static final String MATCHER = GOLDEN.resolve("lavis-stage1").toString();
  private static final String CIRCLE = Shell.image("a.png");

  private final Path folder;

  OutputTargetsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** Commands with a model that is not there: what they complain of came before they loaded it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "embed PICTURE --model none/none --out",
        "embed PICTURE --kind queries --out",
        "match PICTURE --text a --model none/none --cam"
      })
  void device_asAFile_isRefusedBeforeAnyWork(String command) {
    assertEquals(
        new Shell(
            1, "", "blip2: /dev/null: file expected, got a device, pipe or socket; name another\n"),
        Shell.run((command + " /dev/null").replace("PICTURE", CIRCLE).split(" ")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "match PICTURE --text a --model none/none --cam-words",
        "train stage1 --model none --data none --images none --out",
        "train stage2 --model none --data none --images none --out"
      })
  void device_asAFolder_isRefusedBeforeAnyWork(String command) {
    assertEquals(
        new Shell(
            1,
            "",
            "blip2: /dev/null: folder expected, got a device, pipe or socket; name another\n"),
        Shell.run((command + " /dev/null").replace("PICTURE", CIRCLE).split(" ")));
  }

  @Test
  void convert_toADevice_isRefused() {
    Shell shell = Shell.run("convert", "--from", "lavis", MATCHER, "/dev/null");

    assertEquals(
        "blip2: /dev/null: folder expected, got a device, pipe or socket; name another\n",
        shell.err());
  }

  @Test
  void embed_folderWithNamesThatAreNoText_readsThemAll() throws IOException {
    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    Files.copy(Path.of(CIRCLE), pictures.resolve("b.png"));
    Files.copy(Path.of(CIRCLE), Path.of(URI.create(pictures.toUri() + "caf%E9%FF.png")));
    Path out = folder.resolve("f.jsonl");

    Shell shell =
        Shell.run("embed", pictures.toString(), "--kind", "queries", "--out", out.toString());

    assertEquals(new Shell(0, out + ": 2 lines\n", ""), shell);
    List<String> lines = Files.readAllLines(out);
    assertTrue(lines.get(1).contains("/caf\\\\xe9\\\\xff.png"), lines.get(1).substring(0, 100));
  }

  @Test
  void embed_onePicture_countsInTheSingular() {
    Path out = folder.resolve("f.jsonl");

    assertEquals(
        out + ": 1 line\n",
        Shell.run("embed", CIRCLE, "--kind", "queries", "--out", out.toString()).out());
  }

  @Test
  void caption_nameThatATerminalObeys_isShown() throws IOException {
    Path picture = folder.resolve("a\u001b[31m\nb\u0007.png");
    Files.copy(Path.of(CIRCLE), picture);

    Shell shell = Shell.run("caption", picture.toString(), CIRCLE);

    assertEquals(2, shell.out().lines().count());
    assertTrue(shell.out().startsWith(folder + "/a\\x1b[31m\\x0ab\\x07.png: "), shell.out());
  }

  @Test
  void embed_whereDigitsAreOthers_writesTheSame() throws IOException {
    Path here = folder.resolve("a.jsonl");
    Path there = folder.resolve("b.jsonl");
    Locale before = Locale.getDefault();
    Shell.run("embed", CIRCLE, "--kind", "queries", "--out", here.toString());
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      Shell shell = Shell.run("embed", CIRCLE, "--kind", "queries", "--out", there.toString());

      assertEquals(new Shell(0, there + ": 1 line\n", ""), shell);
    } finally {
      Locale.setDefault(before);
    }
    assertEquals(Files.readString(here), Files.readString(there));
  }
}
