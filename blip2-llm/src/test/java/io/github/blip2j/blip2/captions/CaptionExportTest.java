package io.github.blip2j.blip2.captions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.Fixture;
import io.github.blip2j.blip2.captions.CaptionExport.Outcome;
import io.github.blip2j.data.CaptionFile;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.vision.image.ImageFiles;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.net.URI;
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
    blip2 = Blip2.load(Fixture.HF_OPT);
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
    var export = CaptionExport.of(blip2).withBatchSize(1); // scores may depend on the batch
    export.toJsonLines(pictures, whole);
    byte[] bytes = Files.readAllBytes(whole);
    Path file = folder.resolve("captions.jsonl");

    for (int cut = 0; cut < bytes.length; cut += 17) {
      Files.write(file, Arrays.copyOf(bytes, cut));
      export.toJsonLines(pictures, file);
      assertEquals(Files.readString(whole), Files.readString(file), "cut at " + cut);
    }
  }

  @Test
  void toCsv_afterAKillAnywhere_endsAsIfThereHadBeenNone() throws IOException {
    Path whole = folder.resolve("whole.csv");
    var export =
        CaptionExport.of(blip2)
            .withBatchSize(1)
            .withDecoding(GenerationConfig.beams(2).numReturnSequences(2));
    export.toCsv(pictures, whole);
    byte[] bytes = Files.readAllBytes(whole);
    assertTrue(Files.readString(whole).startsWith("image,caption,score,caption_2,score_2\n\""));
    Path file = folder.resolve("captions.csv");

    for (int cut = 0; cut < bytes.length; cut += 29) {
      Files.write(file, Arrays.copyOf(bytes, cut));
      export.toCsv(pictures, file);
      assertEquals(Files.readString(whole), Files.readString(file), "cut at " + cut);
    }
  }

  @Test
  void toTextFiles_emptyFile_isNoCaption() throws IOException {
    Path first = folder.resolve("photos/a, \"3\".txt");
    Files.createFile(first);

    CaptionExport.of(blip2).toTextFiles(pictures);

    assertTrue(Files.size(first) > 0);
  }

  @Test
  void toTextFiles_folderInTheWay_isRefusedBeforeAnyWork() throws IOException {
    Path taken = Files.createDirectory(folder.resolve("photos/more/a, \"2\".txt"));

    var e =
        assertThrows(
            IllegalArgumentException.class, () -> CaptionExport.of(blip2).toTextFiles(pictures));

    assertEquals(
        taken
            + ": text file expected beside the image, got a folder; rename it, or write all to one"
            + " file",
        e.getMessage());
    assertFalse(Files.exists(folder.resolve("photos/a, \"3\".txt")));
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
              + " else; name another file",
          e.getMessage());
      assertEquals(other, Files.readString(file));
    }
    assertThrows(
        IOException.class, () -> CaptionExport.of(blip2).toCsv(pictures, Path.of("/dev/null")));
  }

  @Test
  void startingAnew_ofSomePictures_keepsTheOthers() throws IOException {
    for (String name : List.of("c.jsonl", "c.csv")) {
      Path file = folder.resolve(name);
      var export = CaptionExport.of(blip2);
      write(export, pictures, file);
      List<String> before = Files.readAllLines(file);
      List<Path> some = List.of(pictures.get(3), pictures.get(1));

      Outcome outcome = write(export.withPrompt("a photo of").startingAnew(), some, file);

      assertEquals(new Outcome(2, 0, 0), outcome);
      List<String> after = Files.readAllLines(file);
      assertEquals(before.size(), after.size());
      int header = before.size() - pictures.size();
      for (int i = 0; i < before.size(); i++) {
        boolean replaced = i == 1 + header || i == 3 + header;
        assertEquals(!replaced, before.get(i).equals(after.get(i)), after.get(i));
      }
      assertEquals(new Outcome(0, 5, 0), write(export, pictures, file));
    }
  }

  @Test
  void startingAnew_killedAtAnyPicture_hasLostNothing() throws IOException {
    Path file = folder.resolve("c.jsonl");
    var export = CaptionExport.of(blip2);
    export.toJsonLines(pictures, file);
    List<String> before = Files.readAllLines(file);
    List<Boolean> kept = new ArrayList<>();

    export
        .withPrompt("a photo of")
        .withBatchSize(1)
        .startingAnew()
        .reading(
            picture -> { // whoever is killed now leaves this
              kept.add(Files.readAllLines(file).containsAll(before));
              return blip2.read(picture);
            })
        .toJsonLines(pictures, file);

    assertEquals(List.of(true, true, true, true, true), kept);
    assertEquals(5, Files.readAllLines(file).size());
  }

  /** A kill leaves old rows and new ones: the next run of the kind leaves the new ones alone. */
  @Test
  void startingAnew_afterAKill_leavesOneRecordEach() throws IOException {
    Path file = folder.resolve("c.jsonl");
    var export = CaptionExport.of(blip2);
    export.toJsonLines(pictures, file);
    String once = Files.readString(file);
    Files.writeString(file, once + once.lines().findFirst().orElseThrow() + "\n");

    export.startingAnew().toJsonLines(pictures, file);

    assertEquals(once, Files.readString(file));
  }

  @Test
  void startingAnew_overSomethingElse_refusesAndLeavesIt() throws IOException {
    for (String other : List.of("{\"a\": 1}\n", "notes", "image,caption\na,b\n")) {
      Path file = Files.writeString(folder.resolve("other"), other);
      var export = CaptionExport.of(blip2).startingAnew();

      assertThrows(IOException.class, () -> export.toJsonLines(pictures, file), other);
      assertThrows(IOException.class, () -> export.toCsv(pictures, file), other);
      assertEquals(other, Files.readString(file));
    }
  }

  @Test
  void export_overAnotherNumberOfTexts_saysBoth() throws IOException {
    var one = CaptionExport.of(blip2);
    var two = one.withDecoding(GenerationConfig.beams(2).numReturnSequences(2));
    for (String name : List.of("c.jsonl", "c.csv")) {
      Path file = folder.resolve(name);
      write(one, pictures, file);
      String before = Files.readString(file);

      var e = assertThrows(IOException.class, () -> write(two, pictures, file));

      assertEquals(
          file
              + ": captions of an earlier run expected to be 2 of each image as in this one, got 1;"
              + " name another file, or ask for as many",
          e.getMessage());
      assertThrows(IOException.class, () -> write(two.startingAnew(), pictures, file));
      assertEquals(before, Files.readString(file));
      Files.delete(file);
      write(two, pictures, file);
      e = assertThrows(IOException.class, () -> write(one, pictures, file));
      assertTrue(String.valueOf(e.getMessage()).contains("1 of each image as in this one, got 2"));
    }
  }

  /** A search may find fewer sequences than asked for. */
  @Test
  void export_overRecordsOfWhichOneHasFewerTexts_goesOn() throws IOException {
    var two = CaptionExport.of(blip2).withDecoding(GenerationConfig.beams(2).numReturnSequences(2));
    Path file =
        Files.writeString(
            folder.resolve("c.jsonl"),
            """
            {"image":"a","captions":["b"],"scores":[0]}
            {"image":"b","captions":["b","c"],"scores":[0,0]}
            """);

    assertEquals(new Outcome(5, 0, 0), two.toJsonLines(pictures, file));
    assertEquals(7, Files.readAllLines(file).size());
  }

  private static Outcome write(CaptionExport export, List<Path> pictures, Path file)
      throws IOException {
    return file.toString().endsWith(".csv")
        ? export.toCsv(pictures, file)
        : export.toJsonLines(pictures, file);
  }

  /** To Java's text all three are called alike, and the last is a name with the others' sign. */
  @Test
  void export_ofNamesThatAreNoText_tellsThemApart() throws IOException {
    Path photos = Files.createDirectory(folder.resolve("bytes"));
    List<Path> odd = new ArrayList<>();
    for (String name : List.of("a%FE.png", "a%FF.png", "a%5Cxff.png")) {
      odd.add(Path.of(URI.create(photos.toUri() + name)));
      Files.copy(pictures.get(odd.size()), odd.get(odd.size() - 1));
    }
    for (String name : List.of("c.jsonl", "c.csv")) {
      Path file = folder.resolve(name);
      assertEquals(new Outcome(1, 0, 0), write(CaptionExport.of(blip2), odd.subList(0, 1), file));
      assertEquals(new Outcome(2, 1, 0), write(CaptionExport.of(blip2), odd, file));
    }
    assertEquals(
        odd,
        CaptionFile.read(folder.resolve("c.jsonl")).stream()
            .map(record -> PathName.listed(folder, record.image()))
            .toList());
    assertEquals(new Outcome(3, 0, 0), CaptionExport.of(blip2).toTextFiles(odd));
    Path first = Path.of(URI.create(photos.toUri() + "a%FE.txt"));
    assertEquals(blip2.caption(blip2.read(odd.get(0))) + "\n", Files.readString(first));
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
