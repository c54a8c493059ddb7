package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.captions.CaptionExport;
import io.github.blip2j.blip2.features.Feature;
import io.github.blip2j.blip2.features.FeatureExport;
import io.github.blip2j.distributed.InMemoryCollectives;
import io.github.blip2j.distributed.RankException;
import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.io.file.PathName;
import io.github.blip2j.vision.image.ImageFiles;
import io.github.blip2j.vision.image.UnreadableImageException;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exports that ranks share write, to the byte, what one process writes. */
@Timeout(120)
final class SharedExportTest {
  private static Blip2 blip2;
  private static ImageTextMatcher matcher;

  @TempDir private Path folder;
  private List<Path> pictures;

  @BeforeAll
  static void load() throws IOException {
    blip2 = Blip2.load(Fixture.HF_OPT);
    matcher = ImageTextMatcher.load(ImageTextMatcherTest.FOLDER);
  }

  @AfterAll
  static void close() {
    blip2.close();
    matcher.close();
  }

  @BeforeEach
  void draw() throws IOException {
    Path photos = Files.createDirectories(folder.resolve("photos"));
    for (int i = 0; i < 19; i++) {
      var image = new BufferedImage(48, 48, BufferedImage.TYPE_INT_RGB);
      var graphics = image.createGraphics();
      graphics.setColor(new Color(13 * i, 255 - 11 * i, 200));
      graphics.fillRect(2 * i, 10, 20 - i, 20);
      graphics.dispose();
      ImageIO.write(image, "png", photos.resolve(10 + i + ".png").toFile());
    }
    pictures = ImageFiles.in(photos);
  }

  private List<String> names() {
    return pictures.stream().map(PathName::of).toList();
  }

  /** The work of a rank. */
  @FunctionalInterface
  private interface Work<T> {
    T of(Ranks ranks) throws IOException;
  }

  /** What each rank returned or threw. */
  private static List<Object> onRanks(int size, Work<?> work) {
    List<Object> results = new ArrayList<>(Collections.nCopies(size, null));
    InMemoryCollectives.run(
        size,
        Duration.ofSeconds(60),
        collectives -> {
          Object result;
          try {
            result = work.of(Ranks.of(collectives));
          } catch (IOException | RuntimeException e) {
            result = e;
          }
          results.set(collectives.rank(), result);
        });
    return results;
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "2, 2", "3, 2", "3, 8", "4, 16"})
  void captions_areThoseOfOneProcess(int size, int batch) throws IOException {
    CaptionExport export = CaptionExport.of(blip2).withBatchSize(batch);
    Path one = folder.resolve("one.jsonl");
    CaptionExport.Outcome outcome = export.toJsonLines(pictures, one);
    Path several = folder.resolve("several.jsonl");

    List<Object> ended = onRanks(size, ranks -> export.among(ranks).toJsonLines(pictures, several));

    assertEquals(Collections.nCopies(size, outcome), ended);
    assertEquals(Files.readString(one), Files.readString(several));
  }

  @Test
  void captions_resumedByAnotherNumberOfRanks_endAsThoseOfOneProcess() throws IOException {
    CaptionExport export = CaptionExport.of(blip2).withBatchSize(1);
    Path one = folder.resolve("one.csv");
    export.toCsv(pictures, one);
    byte[] whole = Files.readAllBytes(one);
    Path several = folder.resolve("several.csv");
    Files.write(several, Arrays.copyOf(whole, whole.length / 2));

    List<Object> ended = onRanks(3, ranks -> export.among(ranks).toCsv(pictures, several));

    var outcome = assertInstanceOf(CaptionExport.Outcome.class, ended.get(2));
    assertTrue(outcome.earlier() > 5, outcome.toString());
    assertEquals(pictures.size(), outcome.earlier() + outcome.written());
    assertArrayEquals(whole, Files.readAllBytes(several));
  }

  @Test
  void captions_ofImagesThatCannotBeRead_areToldInTheSameOrder() throws IOException {
    Files.writeString(pictures.get(1), "no image");
    Files.delete(pictures.get(6));
    Files.writeString(pictures.get(18), "");
    List<String> one = new ArrayList<>();
    List<String> several = new ArrayList<>();
    CaptionExport export = CaptionExport.of(blip2).withBatchSize(2);
    export.onProgress(failures(one)).toTextFiles(pictures);
    List<String> texts = texts();

    List<Object> ended =
        onRanks(
            3,
            ranks ->
                export
                    .among(ranks)
                    .startingAnew()
                    .onProgress(failures(ranks.isFirst() ? several : new ArrayList<>()))
                    .toTextFiles(pictures));

    assertEquals(new CaptionExport.Outcome(16, 0, 3), ended.get(0));
    assertEquals(3, one.size());
    assertEquals(one, several);
    assertEquals(texts, texts());
  }

  private List<String> texts() throws IOException {
    List<String> texts = new ArrayList<>();
    for (Path picture : pictures) {
      Path text = PathName.withEnding(picture, ".txt");
      texts.add(Files.exists(text) ? Files.readString(text) : "");
    }
    return texts;
  }

  private static CaptionExport.Listener failures(List<String> told) {
    return new CaptionExport.Listener() {
      @Override
      public void failed(Path image, Throwable why) {
        told.add(image + ": " + why.getMessage());
      }
    };
  }

  @Test
  void captions_thatCannotBeWritten_endAllRanks() throws IOException {
    Path file = Files.writeString(folder.resolve("other.jsonl"), "something else\n");

    List<Object> ended =
        onRanks(2, ranks -> CaptionExport.of(blip2).among(ranks).toJsonLines(pictures, file));

    var first = assertInstanceOf(IOException.class, ended.get(0));
    var second = assertInstanceOf(RankException.class, ended.get(1));
    assertEquals("rank 0: " + first.getMessage(), second.getMessage());
  }

  @Test
  void captions_ofOtherImagesOnARank_areRefused() {
    Path file = folder.resolve("c.jsonl");

    List<Object> ended =
        onRanks(
            2,
            ranks ->
                CaptionExport.of(blip2)
                    .among(ranks)
                    .toJsonLines(pictures.subList(ranks.rank(), 19), file));

    for (Object each : ended) {
      String message =
          String.valueOf(assertInstanceOf(IllegalArgumentException.class, each).getMessage());
      assertTrue(message.startsWith("ranks: images and settings expected equal on all"), message);
    }
    assertFalse(Files.exists(file));
  }

  private FeatureExport features() {
    return matcher
        .export(Feature.IMAGE, Feature.SINGLE, Feature.TEXT)
        .withTexts(
            List.of("a", "b c", "d", "e", "f", "g", "h", "a red circle", "ten", "a green star"));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void features_areThoseOfOneProcess(int size) throws IOException {
    for (String ending : List.of(".safetensors", ".jsonl")) {
      Path one = folder.resolve("one" + ending);
      Path several = folder.resolve("several" + ending);
      write(features(), one);

      List<Object> ended = onRanks(size, ranks -> write(features().among(ranks), several));

      assertEquals(Collections.nCopies(size, names()), ended);
      assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(several));
    }
  }

  private List<String> write(FeatureExport export, Path file) throws IOException {
    return FeatureExport.isJsonLines(file)
        ? export.toJsonLines(names(), file)
        : export.toSafetensors(names(), file);
  }

  @Test
  void features_withoutUnreadableImages_areThoseOfOneProcess() throws IOException {
    Files.writeString(pictures.get(2), "no image");
    Files.writeString(pictures.get(17), "no image");
    for (String ending : List.of(".safetensors", ".jsonl")) {
      Path one = folder.resolve("one" + ending);
      Path several = folder.resolve("several" + ending);
      List<String> written = write(features().skippingUnreadable(), one);
      AtomicInteger skipped = new AtomicInteger();

      List<Object> ended =
          onRanks(
              2,
              ranks ->
                  write(
                      features()
                          .skippingUnreadable()
                          .among(ranks)
                          .onProgress(
                              new FeatureExport.Listener() {
                                @Override
                                public void skipped(UnreadableImageException why) {
                                  skipped.incrementAndGet();
                                }
                              }),
                      several));

      assertEquals(17, written.size());
      assertEquals(List.of(written, written), ended);
      assertEquals(4, skipped.get()); // two on each rank
      assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(several));
    }
  }

  @Test
  void features_ofAnImageThatOneRankCannotRead_leaveNoFile() throws IOException {
    Files.writeString(pictures.get(9), "no image"); // in the second batch
    Path file = folder.resolve("f.safetensors");

    List<Object> ended = onRanks(2, ranks -> write(features().among(ranks), file));

    var second = assertInstanceOf(UnreadableImageException.class, ended.get(1));
    var first = assertInstanceOf(RankException.class, ended.get(0));
    assertEquals("rank 1: " + second.getMessage(), first.getMessage());
    assertFalse(Files.exists(file));
  }
}
