package io.github.blip2j.blip2.captions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.captions.CaptionExport.Outcome;
import io.github.blip2j.data.CaptionFile;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.ImageFiles;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CaptionExportTest {
  private static Blip2 blip2;

  @TempDir private Path folder;
  private List<Path> pictures;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.bundled();
  }

  @AfterAll
  static void close() {
    blip2.close();
  }

  @BeforeEach
  void draw() throws IOException {
    Path photos = folder.resolve("photos");
    Path more = Files.createDirectories(photos.resolve("more"));
    Color[] colors = {Color.RED, Color.GREEN, Color.BLUE, Color.YELLOW, Color.WHITE};
    for (int i = 0; i < colors.length; i++) {
      var image = new BufferedImage(48, 48, BufferedImage.TYPE_INT_RGB);
      var graphics = image.createGraphics();
      graphics.setColor(colors[i]);
      graphics.fillRect(4 + 4 * i, 10, 20, 20);
      graphics.dispose();
      Path parent = i < 3 ? more : photos;
      ImageIO.write(image, "png", parent.resolve("a, \"" + i + "\".png").toFile());
    }
    pictures = ImageFiles.in(folder.resolve("photos"));
    assertEquals(5, pictures.size());
  }

  private List<String> captions() throws IOException {
    List<String> captions = new ArrayList<>();
    for (Path picture : pictures) {
      captions.add(blip2.caption(blip2.read(picture)));
    }
    return captions;
  }

  @Test
  void toJsonLines_ofAFolder_holdsWhatEachPictureGivesAlone() throws IOException {
    Path file = folder.resolve("captions.jsonl");

    Outcome outcome = CaptionExport.of(blip2).withBatchSize(2).toJsonLines(pictures, file);

    assertEquals(new Outcome(5, 0, 0), outcome);
    var records = CaptionFile.read(file);
    assertEquals(captions(), records.stream().map(record -> record.captions().get(0)).toList());
    assertEquals(
        pictures.stream().map(Path::toString).toList(),
        records.stream().map(record -> record.image()).toList());
  }

  @Test
  void toJsonLines_afterAKillAnywhere_endsAsIfThereHadBeenNone() throws IOException {
    Path whole = folder.resolve("whole.jsonl");
    CaptionExport.of(blip2).toJsonLines(pictures, whole);
    byte[] bytes = Files.readAllBytes(whole);
    Path file = folder.resolve("captions.jsonl");

    for (int cut = 0; cut < bytes.length; cut += 17) {
      Files.write(file, Arrays.copyOf(bytes, cut));
      CaptionExport.of(blip2).withBatchSize(1).toJsonLines(pictures, file);
      assertEquals(Files.readString(whole), Files.readString(file), "cut at " + cut);
    }
  }

  @Test
  void toCsv_afterAKillAnywhere_endsAsIfThereHadBeenNone() throws IOException {
    Path whole = folder.resolve("whole.csv");
    var export =
        CaptionExport.of(blip2).withDecoding(GenerationConfig.beams(2).numReturnSequences(2));
    export.toCsv(pictures, whole);
    byte[] bytes = Files.readAllBytes(whole);
    assertTrue(Files.readString(whole).startsWith("image,caption,score,caption_2,score_2\n\""));
    Path file = folder.resolve("captions.csv");

    for (int cut = 0; cut < bytes.length; cut += 29) {
      Files.write(file, Arrays.copyOf(bytes, cut));
      export.withBatchSize(1).toCsv(pictures, file);
      assertEquals(Files.readString(whole), Files.readString(file), "cut at " + cut);
    }
  }

  @Test
  void toTextFiles_again_writesOnlyWhatIsMissing() throws IOException {
    CaptionExport.of(blip2).toTextFiles(pictures);
    for (Path picture : pictures) {
      String name = picture.getFileName().toString().replace(".png", ".txt");
      assertEquals(
          blip2.caption(blip2.read(picture)) + "\n",
          Files.readString(picture.resolveSibling(name)),
          name);
    }
    Path first = folder.resolve("photos/a, \"3\".txt");
    Files.writeString(first, "by hand\n");
    Files.delete(folder.resolve("photos/a, \"4\".txt"));

    Outcome again = CaptionExport.of(blip2).toTextFiles(pictures);

    assertEquals(new Outcome(1, 4, 0), again);
    assertEquals("by hand\n", Files.readString(first));
    CaptionExport.of(blip2).startingAnew().toTextFiles(pictures);
    assertFalse(Files.readString(first).equals("by hand\n"));
  }

  @Test
  void export_withAPictureThatIsNone_tellsAndGoesOn() throws IOException {
    Path broken = Files.writeString(folder.resolve("photos/broken.png"), "no picture");
    List<Path> failed = new ArrayList<>();
    List<Path> all = ImageFiles.in(folder.resolve("photos"));
    var export =
        CaptionExport.of(blip2)
            .onProgress(
                new CaptionExport.Listener() {
                  @Override
                  public void failed(Path picture, Throwable why) {
                    failed.add(picture);
                  }
                });

    assertEquals(new Outcome(5, 0, 1), export.toCsv(all, folder.resolve("c.csv")));
    assertEquals(List.of(broken), failed);
    assertEquals(new Outcome(0, 5, 1), export.toCsv(all, folder.resolve("c.csv")));
  }

  @Test
  void export_overSomethingElse_refusesAndLeavesIt() throws IOException {
    for (String other :
        List.of("{\"a\": 1}\n", "notes", "image,caption\na,b\n", "{\"image\":1}\n", "\n")) {
      Path file = Files.writeString(folder.resolve("other"), other);
      var export = CaptionExport.of(blip2);

      assertThrows(IOException.class, () -> export.toJsonLines(pictures, file), other);
      assertEquals(other, Files.readString(file));
      var e = assertThrows(IOException.class, () -> export.toCsv(pictures, file), other);
      assertEquals(
          file
              + ": captions of an earlier run as comma-separated values expected, got something"
              + " else; name another file, or start anew",
          e.getMessage());
      assertEquals(other, Files.readString(file));
    }
    assertThrows(
        IOException.class, () -> CaptionExport.of(blip2).toCsv(pictures, Path.of("/dev/null")));
  }

  @Test
  void export_whileAnotherWrites_isRefused() throws IOException {
    Path file = folder.resolve("captions.csv");
    try (FileChannel other =
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var lock = other.lock()) {
      var e = assertThrows(IOException.class, () -> CaptionExport.of(blip2).toCsv(pictures, file));
      assertEquals(
          file + ": file expected to be free, got one that another run is writing; wait for it",
          e.getMessage());
    }
  }

  @Test
  void toTextFiles_ofTwoPicturesWithOneName_refuses() throws IOException {
    Path twin = folder.resolve("photos/a, \"3\".jpg");
    Files.copy(folder.resolve("photos/a, \"3\".png"), twin);

    assertThrows(
        IllegalArgumentException.class,
        () -> CaptionExport.of(blip2).toTextFiles(ImageFiles.in(folder.resolve("photos"))));
  }
}
