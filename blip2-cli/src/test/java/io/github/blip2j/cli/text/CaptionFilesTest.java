package io.github.blip2j.cli.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CaptionFilesTest {
  @TempDir private Path folder;
  private String photos = "";

  @BeforeEach
  void copy() throws IOException {
    Path outer = folder.resolve("photos");
    Path inner = Files.createDirectories(outer.resolve("inner"));
    Files.copy(Path.of(Shell.image("a.png")), inner.resolve("a.png"));
    Files.copy(Path.of(Shell.image("b.png")), outer.resolve("b.png"));
    photos = outer.toString();
  }

  @Test
  void caption_folder_namesEachPictureInIt() {
    Shell shell = Shell.golden("caption", photos);

    String expected =
        String.format(
            Locale.ROOT,
            "%s/b.png: a yellow square to the left of a green square\n%s/inner/a.png: a red circle\n",
            photos,
            photos);
    assertEquals(new Shell(0, expected, ""), shell);
  }

  @Test
  void caption_emptyFolder_saysSo() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));

    assertEquals(
        new Shell(1, "", "blip2: " + empty + ": images expected in the folder, got none\n"),
        Shell.golden("caption", empty.toString()));
  }

  @Test
  void out_csv_isGoneOnWith() throws IOException {
    Path out = folder.resolve("captions.csv");
    String written = out + ": 2 written, 0 there already, 0 failed\n";
    assertEquals(
        new Shell(0, written, ""), Shell.golden("caption", photos, "--out", out.toString()));
    List<String> lines = Files.readAllLines(out);
    assertEquals("image,caption,score", lines.get(0));
    assertTrue(lines.get(2).startsWith(photos + "/inner/a.png,a red circle,-0.193"), lines.get(2));
    Files.copy(Path.of(Shell.image("c.png")), folder.resolve("photos/c.png"));

    JsonObject again = Shell.golden("caption", photos, "--out", out.toString(), "--json").json();

    assertEquals(1, again.get("written").getAsInt());
    assertEquals(2, again.get("earlier").getAsInt());
    assertEquals(4, Files.readAllLines(out).size());
  }

  @Test
  void out_jsonLinesWithAPictureThatIsNone_writesTheOthersAndFails() throws IOException {
    Path broken = Files.writeString(folder.resolve("photos/x.png"), "none");
    Path out = folder.resolve("captions.jsonl");

    Shell shell = Shell.golden("caption", photos, "--out", out.toString());

    assertEquals(1, shell.exit());
    assertTrue(shell.err().startsWith("blip2: " + broken + ": image expected"), shell.err());
    assertEquals(2, Files.readAllLines(out).size());
  }

  @Test
  void txt_writesBesideEachPicture() throws IOException {
    Shell shell = Shell.golden("caption", photos, "--txt", "--prompt", "a photo of", "--echo");

    assertEquals(new Shell(0, "text files: 2 written, 0 there already, 0 failed\n", ""), shell);
    assertEquals("a photo of a red circle\n", Files.readString(Path.of(photos, "inner", "a.txt")));
  }

  @Test
  void options_thatContradictEachOther_areRefused() {
    for (List<String> args :
        List.of(
            List.of("--out", "a.txt"),
            List.of("--out", "a.csv", "--txt"),
            List.of("--txt", "--stream"),
            List.of("--overwrite"),
            List.of("--batch-size", "2"),
            List.of("--txt", "--batch-size", "0"))) {
      var all = new java.util.ArrayList<>(List.of("caption", photos));
      all.addAll(args);
      assertEquals(2, Shell.golden(all.toArray(new String[0])).exit(), args.toString());
    }
  }
}
