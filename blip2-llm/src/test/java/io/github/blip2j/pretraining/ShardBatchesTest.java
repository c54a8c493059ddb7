package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.data.DataException;
import io.github.blip2j.data.shard.Tar;
import io.github.blip2j.pretraining.CaptionSet.Faulty;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.vision.image.Augmentation;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Batches of shards and mixtures, and batches that are read ahead. */
@ExtendWith(InScope.class)
@Timeout(120)
final class ShardBatchesTest {
  private final Path folder;

  ShardBatchesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void open_shards_giveImagesTextsAndIds() throws IOException {
    List<CaptionBatch> epoch = all(batches("{0..1}.tar", 4), 0, 0);

    assertEquals(2, epoch.size());
    assertEquals(8, new HashSet<>(ids(epoch)).size());
    for (CaptionBatch batch : epoch) {
      for (int i = 0; i < 4; i++) {
        String key = batch.ids().get(i).substring(batch.ids().get(i).indexOf(' ') + 1);
        assertEquals(Scenes.CAPTIONS.get(Integer.parseInt(key)), batch.captions().get(i));
        assertEquals(
            folder
                + "/"
                + batch.ids().get(i).charAt(0)
                + ".tar: sample "
                + (Integer.parseInt(key) % 4 + 1),
            batch.imageIds().get(i));
        var image = new ImageDecoder().decode(Scenes.IMAGES.resolve(key + ".png"));
        assertArrayEquals(Scenes.processor().pixels(image), batch.pixels().select(0, i).toFloats());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 1", "2, 3", "4, 50"})
  void open_anywhereWithAnyThreads_givesTheSameBits(int threads, int ahead) throws IOException {
    CaptionBatches plain = batches("{0..1}.tar:3,captions.json:1", 3).with(Augmentation.blip2());
    CaptionBatches other = plain.withPrefetch(threads, ahead);

    for (int epoch = 0; epoch < 3; epoch++) {
      List<CaptionBatch> whole = all(plain, epoch, 0);
      assertEquals(5, whole.size());
      for (int first = 0; first <= 5; first++) {
        List<CaptionBatch> rest = all(other, epoch, first);
        assertEquals(5 - first, rest.size());
        for (int i = first; i < 5; i++) {
          CaptionBatch expected = whole.get(i);
          CaptionBatch got = rest.get(i - first);
          assertEquals(expected.ids(), got.ids());
          assertEquals(expected.captions(), got.captions());
          assertEquals(expected.imageIds(), got.imageIds());
          assertArrayEquals(expected.pixels().toFloats(), got.pixels().toFloats());
        }
      }
    }
  }

  @Test
  void open_mixture_drawsByWeights() throws IOException {
    CaptionBatches batches = batches("{0..1}.tar:3,captions.json:1", 16);

    List<String> ids = all(batches, 0, 0).get(0).ids();

    assertEquals(12, ids.stream().filter(id -> id.contains(".tar: ")).count());
    assertEquals(
        Map.of(
            "batch_size", 16L,
            "records", 16L,
            "set_0_records", 8L,
            "set_0_draws", 12L,
            "set_0_shards", 2L,
            "set_0_shuffle_buffer", 5000L,
            "set_1_records", 8L,
            "set_1_draws", 4L),
        batches.sizes());
    assertEquals(
        Map.of("batch_size", 2L, "records", 8L, "shards", 2L, "shuffle_buffer", 5000L),
        batches("{0..1}.tar", 2).sizes());
  }

  @Test
  void open_mixtureOfSetsWithTheSameIds_keepsTheirImagesApart() throws IOException {
    shards();
    Path ids =
        new Tar()
            .add("a.png", Files.readAllBytes(Scenes.IMAGES.resolve("0.png")))
            .add("a.json", "{\"caption\": \"a cross\", \"image_id\": 100}")
            .write(folder.resolve("ids.tar"));
    CaptionSet set =
        CaptionSet.parse(ids + "," + Scenes.captions(folder), Scenes.IMAGES, Faulty.REFUSE, 1);

    CaptionBatch batch = all(CaptionBatches.of(set, Scenes.processor(), 9, 1), 0, 0).get(0);

    assertEquals(9, new HashSet<>(batch.imageIds()).size());
    assertTrue(batch.imageIds().contains("0:100") && batch.imageIds().contains("1:100"));
  }

  @Test
  void open_filesOfTwoSetsWithTheSameNumbers_keepsTheirImagesApart() throws IOException {
    Path first = Scenes.captions(folder);
    Path second =
        Files.writeString(
            folder.resolve("second.json"),
            "["
                + Scenes.record("7.png", "a star", "100")
                + ","
                + Scenes.record("0.png", "x", "100")
                + "]");
    var e =
        assertThrows(
            DataException.class,
            () -> CaptionSet.open(List.of(first, second), Scenes.IMAGES, Faulty.REFUSE));
    assertTrue(String.valueOf(e.getMessage()).contains("image_id expected for one image"));
    Files.writeString(second, "[" + Scenes.record("7.png", "a star", "100") + "]");

    CaptionSet set = CaptionSet.open(List.of(first, second), Scenes.IMAGES, Faulty.REFUSE);
    CaptionBatch batch = all(CaptionBatches.of(set, Scenes.processor(), 9, 1), 0, 0).get(0);

    assertEquals(9, new HashSet<>(batch.imageIds()).size());
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "2, 2"})
  void open_damagedSamples_stopOrAreReplacedByTheNext(int threads, int ahead) throws IOException {
    byte[] good = Files.readAllBytes(Scenes.IMAGES.resolve("0.png"));
    Path file =
        new Tar()
            .add("bad.png", "no image")
            .add("bad.txt", "a")
            .add("good.png", good)
            .add("good.txt", "b")
            .add("silent.png", good)
            .add("silent.json", "{}")
            .add("blank.png", good)
            .add("blank.txt", "...")
            .write(folder.resolve("d.tar"));
    CaptionSet strict = CaptionSet.shards(List.of(file), Faulty.REFUSE);
    CaptionSet lenient = CaptionSet.shards(List.of(file), Faulty.SKIP);
    CaptionBatches batches =
        CaptionBatches.of(lenient, Scenes.processor(), 1, 1).withPrefetch(threads, ahead);

    List<CaptionBatch> epoch = all(batches, 0, 0);

    assertEquals(
        List.of("b", "b", "b", "b"), epoch.stream().map(b -> b.captions().get(0)).toList());
    assertEquals(
        List.of("d.tar: sample 1", "d.tar: sample 3", "d.tar: sample 4"), batches.damaged());
    var e =
        assertThrows(
            UncheckedIOException.class,
            () ->
                all(
                    CaptionBatches.of(strict, Scenes.processor(), 1, 1)
                        .withPrefetch(threads, ahead),
                    0,
                    0));
    assertTrue(String.valueOf(Objects.requireNonNull(e.getCause()).getMessage()).contains("d.tar"));
  }

  @Test
  void open_closedOrInterruptedWhileReadingAhead_leavesNoThread() throws Exception {
    CaptionBatches batches = batches("{0..1}.tar", 1).withPrefetch(2, 6);
    try (Stream<CaptionBatch> stream = batches.open(0, 0)) {
      Iterator<CaptionBatch> iterator = stream.iterator();
      iterator.next();
      Thread.currentThread().interrupt();
      while (iterator.hasNext()) {
        iterator.next(); // what has been read is given out, unless it has to wait
      }
    } catch (UncheckedIOException e) {
      assertTrue(Thread.currentThread().isInterrupted());
    }
    assertTrue(Thread.interrupted());
    long end = System.nanoTime() + 10_000_000_000L;
    while (readers() > 0) {
      assertTrue(System.nanoTime() < end, "threads expected to end");
      Thread.sleep(5);
    }
  }

  @Test
  void parse_names_areChecked() throws IOException {
    shards();

    assertEquals(
        "data: weights expected for all sets or for none, got some in 0.tar:1,1.tar",
        assertThrows(IllegalArgumentException.class, () -> parse("0.tar:1,1.tar")).getMessage());
    assertEquals(
        "data: weight of 0.tar expected a number above 0, got 1..2; leave the set out, or the weight",
        assertThrows(IllegalArgumentException.class, () -> parse("0.tar:1..2")).getMessage());
    assertEquals(
        "data: names expected between commas, got none",
        assertThrows(IllegalArgumentException.class, () -> parse("0.tar,")).getMessage());
    assertEquals(8, parse("{0,1}.tar").size());
    assertEquals(4, parse("0.tar").size());
    assertFalse(parse("0.tar:2,1.tar:1").size() != 8);
    assertThrows(DataException.class, () -> parse("{0..2}.tar"));
  }

  private static long readers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("blip2-data-"))
        .count();
  }

  /** The eight scenes in two shards, and in a file. */
  private void shards() throws IOException {
    Scenes.captions(folder);
    for (int shard = 0; shard < 2; shard++) {
      var tar = new Tar();
      for (int i = 4 * shard; i < 4 * shard + 4; i++) {
        tar.add(i + ".png", Files.readAllBytes(Scenes.IMAGES.resolve(i + ".png")));
        tar.add(i + ".txt", Scenes.CAPTIONS.get(i));
      }
      tar.write(folder.resolve(shard + ".tar"));
    }
  }

  private CaptionBatches batches(String names, int batchSize) throws IOException {
    shards();
    return CaptionBatches.of(parse(names), Scenes.processor(), batchSize, 42);
  }

  private CaptionSet parse(String names) throws IOException {
    List<String> inFolder = new ArrayList<>();
    for (String name : names.split(",(?![01]})", -1)) {
      inFolder.add(name.isEmpty() ? "" : folder + "/" + name);
    }
    try {
      return CaptionSet.parse(String.join(",", inFolder), Scenes.IMAGES, Faulty.REFUSE, 5000);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          String.valueOf(e.getMessage()).replace(folder + "/", ""), e);
    }
  }

  private static List<CaptionBatch> all(CaptionBatches batches, int epoch, long first) {
    try (Stream<CaptionBatch> stream = batches.open(epoch, first)) {
      return stream.toList();
    }
  }

  private static List<String> ids(List<CaptionBatch> batches) {
    return batches.stream().flatMap(batch -> batch.ids().stream()).toList();
  }
}
