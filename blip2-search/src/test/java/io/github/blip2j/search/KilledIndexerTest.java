package io.github.blip2j.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Indexers that are killed (SIGKILL) at random moments while files come, change, move and go: no
 * photo that an earlier catalog had is lost, and at the end nothing is left beside the index.
 */
final class KilledIndexerTest {
  private static final int KILLS = Integer.getInteger("blip2.search.kills", 6);
  private static final long SEED = Long.getLong("blip2.search.seed", System.nanoTime());

  @TempDir Path temporary;

  /** An indexer that commits after every batch. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws IOException {
      System.out.println("ready");
      var embedder = new FakeEmbedder();
      PhotoIndex index = PhotoIndex.openOrCreate(Path.of(args[1]), embedder.model());
      while (true) {
        index.update(Path.of(args[0]), embedder, IndexOptions.defaults(), IndexListener.NONE);
        System.out.println("done");
      }
    }
  }

  @Test
  void indexer_killedAtAnyMoment_losesNothing() throws Exception {
    var random = new Random(SEED);
    Path photos = Files.createDirectory(temporary.resolve("photos")).toRealPath();
    Path folder = temporary.resolve("index");
    Pictures.write(photos, 0, 40);
    int next = 40;
    for (int kill = 0; kill < KILLS; kill++) {
      Set<String> before = Files.exists(folder.resolve("catalog.jsonl")) ? names(folder) : Set.of();
      Process child = start(photos, folder);
      try (var lines =
          new BufferedReader(
              new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
        assertEquals("ready", lines.readLine());
        if (kill % 2 == 1) { // in the midst of later updates, and of compactions
          assertEquals("done", lines.readLine(), "seed " + SEED);
        }
        for (int i = 0; i < 10; i++) {
          Pictures.write(photos, next, next + 3);
          next += 3;
          TimeUnit.MICROSECONDS.sleep(random.nextInt(30_000));
        }
      } finally {
        child.destroyForcibly().waitFor();
      }
      if (Files.exists(folder.resolve("catalog.jsonl"))) {
        assertTrue(names(folder).containsAll(before), "seed " + SEED);
        PhotoIndex.open(folder)
            .photos()
            .forEach(photo -> assertEquals(PhotoState.PRESENT, photo.state()));
      }
    }
    var embedder = new FakeEmbedder();
    PhotoIndex index = PhotoIndex.openOrCreate(folder, embedder.model());
    index.update(photos, embedder, IndexOptions.defaults(), IndexListener.NONE);

    assertEquals(next, index.size(), "seed " + SEED);
    for (int i = 0; i < next; i += 17) {
      PhotoHit hit = index.search(PhotoQuery.image(Pictures.of(i)).top(1), embedder).get(0);
      assertEquals(1, hit.similarity(), 1e-6);
    }
    assertNothingIsLeft(folder);
  }

  @Test
  void movedFilesAlone_areWrittenMeanwhile() throws IOException {
    Path photos = Files.createDirectory(temporary.resolve("photos")).toRealPath();
    Path folder = temporary.resolve("index");
    var embedder = new FakeEmbedder();
    Pictures.write(photos, 0, 12);
    PhotoIndex index = PhotoIndex.openOrCreate(folder, embedder.model());
    index.update(photos, embedder, IndexOptions.defaults(), IndexListener.NONE);
    Path moved = Files.createDirectory(photos.resolve("moved"));
    for (int i = 0; i < 12; i++) {
      String name = String.format(Locale.ROOT, "%03d.png", i);
      Files.move(photos.resolve(name), moved.resolve(name));
    }
    var written = new ArrayList<Long>();
    var listener =
        new IndexListener() {
          @Override
          public void done(int now, int of) {
            try {
              PhotoIndex other = PhotoIndex.open(folder);
              written.add(
                  other.photos().stream()
                      .filter(photo -> photo.name().startsWith(moved.toString()))
                      .count());
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };

    System.setProperty("blip2.search.commitMillis", "0");
    IndexUpdate update;
    try {
      update = index.update(photos, embedder, IndexOptions.defaults(), listener);
    } finally {
      System.clearProperty("blip2.search.commitMillis");
    }

    assertEquals(12, update.moved());
    assertEquals(LongStream.rangeClosed(1, 12).boxed().toList(), written);
    assertEquals(12, index.size());
  }

  private static Process start(Path photos, Path folder) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Dblip2.search.commitMillis=0",
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName(),
            photos.toString(),
            folder.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static Set<String> names(Path folder) throws IOException {
    return PhotoIndex.open(folder).photos().stream()
        .map(Photo::name)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** The folder holds the catalog and the two files of each segment that it names. */
  private static void assertNothingIsLeft(Path folder) throws IOException {
    String header =
        Files.readString(folder.resolve("catalog.jsonl")).lines().findFirst().orElse("");
    var expected = new TreeSet<>(List.of("catalog.jsonl"));
    var segment = Pattern.compile("\"(\\d+)\":\\d+").matcher(header);
    while (segment.find()) {
      String name = "segment-" + "0".repeat(6 - segment.group(1).length()) + segment.group(1);
      expected.add(name + ".f32");
      expected.add(name + ".u8");
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          expected,
          files
              .map(file -> String.valueOf(file.getFileName()))
              .collect(Collectors.toCollection(TreeSet::new)));
    }
  }
}
