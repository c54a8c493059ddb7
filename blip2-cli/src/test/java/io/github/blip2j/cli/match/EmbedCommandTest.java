package io.github.blip2j.cli.match;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.cli.Shell;
import io.github.blip2j.io.safetensors.SafetensorsFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Features of folders. */
final class EmbedCommandTest {
  private static final Path GOLDEN = Path.of("../blip2-llm/src/test/resources/golden");
  private static final String MATCHER = GOLDEN.resolve("hf-itm").toString();
  private static final String WRITER = GOLDEN.resolve("hf-opt").toString();
  private static final String IMAGES = MATCHER + "/images";

  @TempDir Path folder;

  @Test
  void embed_folderOfKinds_writesATensorForEach() {
    Path out = folder.resolve("f.safetensors");

    Shell shell =
        Shell.run(
            "embed",
            IMAGES,
            "--kind",
            "patches,queries,single,multimodal",
            "--text",
            "a star",
            "--model",
            MATCHER,
            "--out",
            out.toString());

    assertEquals(
        new Shell(
            0,
            String.format(
                Locale.ROOT,
                """
            %1$s: multimodal_embeds [3, 8, 48]
            %1$s: patches [3, 37, 64]
            %1$s: queries [3, 8, 48]
            %1$s: single_embeds [3, 24]
            """,
                out),
            ""),
        shell);
  }

  @Test
  void embed_promptOfModelThatWrites_isFoundWithAndWithoutAFolder() throws IOException {
    Path own = folder.resolve("own.safetensors");
    Path bundled = folder.resolve("bundled.safetensors");

    Shell withFolder =
        Shell.run("embed", IMAGES, "--kind=queries", "--model", WRITER, "--out", own.toString());
    Shell without =
        Shell.run("embed", IMAGES, "--kind", "prompt", "--out", bundled.toString(), "--json");

    assertEquals(0, withFolder.exit(), withFolder.err());
    assertEquals("bundled", without.json().get("model").getAsString());
    try (var file = SafetensorsFile.open(bundled)) {
      assertEquals(List.of("prompt"), List.copyOf(file.tensors().keySet()));
    }
    try (var file = SafetensorsFile.open(own)) {
      assertEquals(List.of("queries"), List.copyOf(file.tensors().keySet()));
    }
  }

  @Test
  void embed_jsonLines_areWrittenForTheEnding() throws IOException {
    Path out = folder.resolve("f.jsonl");

    Shell shell =
        Shell.run("embed", IMAGES, "--kind", "single", "--model", MATCHER, "--out", out.toString());

    assertEquals(new Shell(0, out + ": 3 lines\n", ""), shell);
    List<String> lines = Files.readAllLines(out);
    assertEquals(3, lines.size());
    JsonObject first = JsonParser.parseString(lines.get(0)).getAsJsonObject();
    assertEquals(IMAGES + "/a.png", first.get("image").getAsString());
    assertEquals(24, first.getAsJsonArray("single_embeds").size());
  }

  @Test
  void skipUnreadable_leavesOutAndTells() throws IOException {
    Files.copy(Path.of(IMAGES, "a.png"), folder.resolve("a.png"));
    Path broken = Files.writeString(folder.resolve("b.png"), "no picture");
    String[] args = {
      "embed",
      folder.toString(),
      "--kind=single",
      "--model",
      MATCHER,
      "--out",
      folder.resolve("f.safetensors").toString()
    };

    Shell failed = Shell.run(args);
    String[] skipping = Arrays.copyOf(args, args.length + 1);
    skipping[args.length] = "--skip-unreadable";
    Shell skipped = Shell.run(skipping);

    assertEquals(1, failed.exit());
    assertTrue(failed.err().startsWith("blip2: " + broken + ": image expected"), failed::err);
    assertEquals(0, skipped.exit());
    assertTrue(skipped.err().startsWith("blip2: left out: " + broken + ": image"), skipped::err);
    assertTrue(skipped.out().endsWith("single_embeds [1, 24]\n"), skipped::out);
  }

  @Test
  void embed_textWithoutUse_isMentioned() {
    Shell shell =
        Shell.run(
            "embed",
            IMAGES + "/a.png",
            "--kind=single",
            "--text=a",
            "--model",
            MATCHER,
            "--out",
            folder.resolve("f.safetensors").toString());

    assertEquals(0, shell.exit());
    assertEquals("blip2: --text has no effect without --kind text or multimodal\n", shell.err());
  }

  @Test
  void embed_unknownKind_exits2() {
    Shell shell = Shell.run("embed", IMAGES, "--kind", "faces", "--out", "f.safetensors");

    assertEquals(
        new Shell(
            2,
            "",
            "blip2: invalid value for option '--kind' (KIND): expected patches, queries, prompt,"
                + " image, single, text, multimodal, got 'faces'; see blip2 embed --help\n"),
        shell);
  }
}
