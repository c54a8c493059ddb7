package io.github.blip2j.data.shard;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.data.DataException;
import io.github.blip2j.data.shard.ShardSet.Unpaired;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ShardSetTest {
  private final Path folder;

  ShardSetTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void read_samples_haveImageTextAndRecord() throws IOException {
    Path first =
        new Tar()
            .folder("set/")
            .add("set/0001.jpg", "JPEG one")
            .add("set/0001.txt", " a dog\n")
            .add("set/0001.cls", "7")
            .add("set/.hidden", "x")
            .add("__meta__.json", "{}")
            .add("set/0002.caption.json", "ignored, as the key ends at the first dot")
            .add(
                "set/0002.json",
                "{\"caption\": [\"a cat\", \"two\"], \"image_id\": 5, \"url\": \"u\"}")
            .add("set/0002.PNG", "PNG two")
            .add("set/0002.txt", "not this")
            .write(folder.resolve("0.tar"));
    Path second =
        new Tar()
            .add("0001.json", "{\"width\": 3}")
            .add("0001.webp", "WebP")
            .add("0001.txt", "from the text")
            .add("q.gif", "")
            .add("q.json", "{\"question\": \"how many?\", \"answer\": [\"2\", \"3\"]}")
            .write(folder.resolve("1.tar"));

    ShardSet set = ShardSet.open(List.of(first, second), Unpaired.REFUSE);

    assertEquals(4, set.size());
    assertEquals("0.tar: set/0001", set.read(0).name());
    assertEquals(List.of("a dog"), set.read(0).record().captions());
    assertEquals("JPEG one", new String(set.read(0).image(), StandardCharsets.UTF_8));
    assertEquals(first + ": sample 1", set.read(0).record().image().id());
    assertEquals(List.of("a cat", "two"), set.read(1).record().captions());
    assertEquals("5", set.read(1).record().image().id());
    assertEquals("PNG two", new String(set.read(1).image(), StandardCharsets.UTF_8));
    assertEquals(List.of("from the text"), set.read(2).record().captions());
    assertEquals(
        List.of("2", "3"), Objects.requireNonNull(set.read(3).record().question()).answerTexts());
    assertEquals(0, set.read(3).image().length);
    assertEquals("1.tar: sample 1", set.name(2));
  }

  @Test
  void order_isAPermutationOfTheEpochThatReadsShardByShard() throws IOException {
    ShardSet set = ShardSet.open(shards(5, 40), Unpaired.REFUSE).withBuffer(10);

    int[] order = set.order(7, 3);

    assertArrayEquals(order, set.order(7, 3));
    assertFalse(Arrays.equals(order, set.order(7, 4)));
    assertFalse(Arrays.equals(order, set.order(8, 3)));
    assertEquals(200, Arrays.stream(order).distinct().count());
    List<Integer> shards = new ArrayList<>(); // in the order of their last sample
    for (int i = order.length - 1; i >= 0; i--) {
      if (!shards.contains(order[i] / 40)) {
        shards.add(0, order[i] / 40);
      }
    }
    List<Integer> firsts = new ArrayList<>();
    for (int each : order) {
      if (!firsts.contains(each / 40)) {
        firsts.add(each / 40);
      }
    }
    assertEquals(firsts, shards);
    assertNotEquals(List.of(0, 1, 2, 3, 4), shards);
    for (int i = 0; i < order.length; i++) { // no sample comes before the buffer has reached it
      int place = 40 * shards.indexOf(order[i] / 40) + order[i] % 40;
      assertTrue(place < i + 10, "sample " + place + " at " + i);
    }
  }

  @Test
  void order_bufferOfOne_keepsShardsAndABufferOfAllMixesThem() throws IOException {
    ShardSet set = ShardSet.open(shards(3, 5), Unpaired.REFUSE);

    int[] kept = set.withBuffer(1).order(1, 0);
    Set<Integer> atFirst = new HashSet<>();
    for (int epoch = 0; epoch < 300; epoch++) {
      atFirst.add(set.withBuffer(100).order(1, epoch)[0]);
    }

    for (int i = 0; i < kept.length; i++) {
      assertEquals(i % 5, kept[i] % 5);
    }
    assertEquals(15, atFirst.size());
  }

  @Test
  void open_shardsWithoutSamples_arePassedOver() throws IOException {
    Path empty = new Tar().folder("x/").write(folder.resolve("e.tar"));
    Path other = new Tar().add("a.cls", "1").write(folder.resolve("f.tar"));
    Path full = new Tar().add("a.jpg", "1").add("a.txt", "b").write(folder.resolve("g.tar"));

    ShardSet set = ShardSet.open(List.of(empty, other, full), Unpaired.SKIP);

    assertEquals(1, set.size());
    assertEquals("g.tar: a", set.read(0).name());
    assertEquals(1, set.unpaired());
    assertRefused(
        "samples expected at least 1 in 1 shards, got none",
        () -> ShardSet.open(List.of(empty), Unpaired.REFUSE),
        empty);
  }

  @Test
  void open_truncatedAnywhere_isRefused() throws IOException {
    byte[] whole = new Tar().add("a.jpg", new byte[700]).add("a.txt", "text").toByteArray();
    Path file = folder.resolve("t.tar");
    int content = 512 + 1024 + 512 + 512;
    for (int length = 0; length < content + 512; length += 256) {
      Files.write(file, Arrays.copyOf(whole, length));

      String message =
          String.valueOf(
              assertThrows(DataException.class, () -> ShardSet.open(List.of(file), Unpaired.REFUSE))
                  .getMessage());

      assertTrue(message.startsWith(file + ": "), message);
      assertTrue(
          message.contains("truncated or damaged")
              || message.contains("to end with empty blocks")
              || message.contains("samples expected at least 1"),
          length + ": " + message);
    }
    Files.write(file, Arrays.copyOf(whole, content + 512));
    assertEquals(1, ShardSet.open(List.of(file), Unpaired.REFUSE).size());
  }

  @Test
  void open_faultyShards_areNamed() throws IOException {
    Path alone = new Tar().add("a.jpg", "1").write(folder.resolve("alone.tar"));
    Path silent = new Tar().add("b.txt", "1").write(folder.resolve("silent.tar"));
    Path twice =
        new Tar()
            .add("a.jpg", "1")
            .add("a.txt", "x")
            .add("b.jpg", "1")
            .add("b.txt", "x")
            .add("a.png", "2")
            .write(folder.resolve("twice.tar"));
    Path images = new Tar().add("a.jpg", "1").add("a.png", "2").write(folder.resolve("images.tar"));
    byte[] one = new Tar().add("a.jpg", "1").add("a.txt", "x").toByteArray();
    byte[] joined = Arrays.copyOf(one, 2 * one.length);
    System.arraycopy(one, 0, joined, one.length, one.length);
    Path pair = Files.write(folder.resolve("pair.tar"), joined);
    Path zipped = Files.write(folder.resolve("z.tar.gz"), one);
    Path noTar = Files.writeString(folder.resolve("n.tar"), "no tar file".repeat(100));

    assertRefused(
        "sample a expected an image and a .txt or .json, got the image alone; add it, or"
            + " skip such samples (--skip-faulty)",
        alone);
    assertRefused(
        "sample b expected an image and a .txt or .json, got the text alone; add it, or"
            + " skip such samples (--skip-faulty)",
        silent);
    assertRefused(
        "sample a expected once and its members side by side, got it again; give each"
            + " sample a name of its own",
        twice);
    assertRefused("sample a expected one image, got another with a.png; leave one out", images);
    assertRefused(
        "shard expected to end after its empty blocks, got more at byte 10240; join"
            + " archives with tar --concatenate",
        pair);
    assertRefused("shard expected as a plain tar file, got a compressed one; gunzip it", zipped);
    assertRefused("shard expected, got no file; check name and braces", folder.resolve("7.tar"));
    assertRefused(
        "shard expected once, got it again; leave one out",
        () -> ShardSet.open(List.of(alone, alone), Unpaired.SKIP),
        alone);
    assertThrows(DataException.class, () -> ShardSet.open(List.of(noTar), Unpaired.REFUSE));
  }

  @Test
  void open_linkDamagedHeaderOrCompressedContent_isRefused() throws IOException {
    Path link =
        new Tar().add("a.jpg", "1").add("a.txt", "x").link("b.jpg").write(folder.resolve("l.tar"));
    byte[] one = new Tar().add("a.jpg", "1").add("a.txt", "x").toByteArray();
    one[0] = 'b'; // of the first name
    Path damaged = Files.write(folder.resolve("d.tar"), one);
    Path zipped = Files.write(folder.resolve("z.tar"), new byte[] {0x1F, (byte) 0x8B, 8, 0});

    assertRefused(
        "member b.jpg expected a file, got a link; write the shard with tar --dereference"
            + " --hard-dereference",
        link);
    assertRefused(
        "header of b.jpg expected with its checksum, got another; copy or download it again",
        damaged);
    assertRefused("shard expected as a plain tar file, got a compressed one; gunzip it", zipped);
  }

  @Test
  void read_nullCaptionOfImg2dataset_isThatOfTheText() throws IOException {
    Path file =
        new Tar()
            .add("a.jpg", "1")
            .add("a.json", "{\"caption\": null, \"error_message\": null}")
            .add("a.txt", "a dog")
            .write(folder.resolve("t.tar"));

    ShardSet set = ShardSet.open(List.of(file), Unpaired.REFUSE);

    assertEquals(List.of("a dog"), set.read(0).record().captions());
  }

  @Test
  void read_textThatIsNoRecord_isNamed() throws IOException {
    Path file =
        new Tar()
            .add("a.jpg", "1")
            .add("a.json", "{\"caption\": ")
            .add("b.jpg", "1")
            .add("b.json", "{\"width\": 1}")
            .add("c.jpg", "1")
            .add("c.txt", new byte[] {(byte) 0xFF})
            .add("d.jpg", "1")
            .add("d.json", "[1]")
            .write(folder.resolve("t.tar"));
    ShardSet set = ShardSet.open(List.of(file), Unpaired.REFUSE);

    assertRefused(
        "sample a.json expected JSON, got malformed text near column 13; mend it: double quotes, no"
            + " comma behind the last, null for NaN",
        () -> set.read(0),
        file);
    assertRefused(
        "sample b: caption expected in its .json, or a .txt, got neither", () -> set.read(1), file);
    assertRefused("sample c: text expected UTF-8, got other bytes", () -> set.read(2), file);
    assertRefused("sample d.json expected an object, got a list", () -> set.read(3), file);
  }

  @Test
  void read_shardThatWasCutSince_isNamed() throws IOException {
    Path file = shards(1, 2).get(0);
    ShardSet set = ShardSet.open(List.of(file), Unpaired.REFUSE);
    Files.write(file, Arrays.copyOf(Files.readAllBytes(file), 1000));

    assertRefused(
        "sample 2 expected where it was when the shard was opened, got the end of the file; leave"
            + " shards alone while they are in use",
        () -> set.read(1),
        file);
  }

  @Test
  void read_longNames_areTheSameFilesInPaxAndGnuTar() throws IOException {
    for (String kind : List.of("pax", "gnu", "ustar")) {
      Path file = folder.resolve(kind + ".tar");
      try (InputStream bytes =
          ShardSetTest.class.getResourceAsStream("/golden/shards/" + kind + ".tar")) {
        Files.copy(bytes, file);
      }

      ShardSet set = ShardSet.open(List.of(file), Unpaired.REFUSE);

      assertEquals(2, set.size());
      for (int i = 0; i < 2; i++) { // the first 120 letters are the same
        assertEquals(List.of("text " + i), set.read(i).record().captions());
        assertEquals("image " + i, new String(set.read(i).image(), StandardCharsets.UTF_8));
      }
      assertNotEquals(set.read(0).record().image().id(), set.read(1).record().image().id());
    }
  }

  @Test
  void withBuffer_ofNone_isRefused() throws IOException {
    ShardSet set = ShardSet.open(shards(1, 1), Unpaired.REFUSE);

    assertEquals(
        "shards: buffer expected at least 1 sample, got 0",
        assertThrows(IllegalArgumentException.class, () -> set.withBuffer(0)).getMessage());
  }

  private interface Opening {
    Object open() throws IOException;
  }

  private static void assertRefused(String message, Path file) {
    assertRefused(message, () -> ShardSet.open(List.of(file), Unpaired.REFUSE), file);
  }

  private static void assertRefused(String message, Opening opening, Path file) {
    assertEquals(
        file + ": " + message, assertThrows(DataException.class, opening::open).getMessage());
  }

  private List<Path> shards(int count, int samples) throws IOException {
    List<Path> shards = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      var tar = new Tar();
      for (int j = 0; j < samples; j++) {
        tar.add(j + ".jpg", "image").add(j + ".txt", i + " " + j);
      }
      shards.add(tar.write(folder.resolve(i + ".tar")));
    }
    return shards;
  }
}
