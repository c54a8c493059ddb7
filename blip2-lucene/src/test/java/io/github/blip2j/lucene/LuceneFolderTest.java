package io.github.blip2j.lucene;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.search.IndexListener;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.search.store.IndexModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.apache.lucene.index.CheckIndex;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.FSDirectory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of Lucene: whose they are, who writes to them, and what a killed process leaves. */
final class LuceneFolderTest {
  private static final IndexModel MODEL = MadePhotos.MODEL;
  private static final IndexModel OTHER = new IndexModel("other", "fedcba9876543210", 8, 32);

  @TempDir Path temporary;
  private Path folder = Path.of("");

  @BeforeEach
  void name() {
    folder = temporary.resolve("lucene");
  }

  private String refusal(IndexModel model) {
    var refused =
        assertThrows(IndexException.class, () -> LuceneIndex.openOrCreate(folder, model).close());
    return String.valueOf(refused.getMessage());
  }

  private static void commit(Path folder, Map<String, String> data) throws IOException {
    try (Directory directory = FSDirectory.open(folder);
        var writer = new IndexWriter(directory, new IndexWriterConfig())) {
      writer.setLiveCommitData(data.entrySet());
      writer.commit();
    }
  }

  @Test
  void anotherModel_isRefused() throws IOException {
    LuceneIndex.openOrCreate(folder, MODEL).close();

    assertEquals(
        folder
            + ": Lucene index of the model other (fedcba987654, 8 x 32) expected, got one of made"
            + " (0123456789ab, 8 x 32); give that model, or choose another folder",
        refusal(OTHER));
    try (var other = LuceneIndex.openOrCreate(temporary.resolve("other"), OTHER)) {
      PhotoIndex photos = new MadePhotos(temporary.resolve("photos"), 1).add(0, 3).open();
      assertThrows(IndexException.class, () -> other.update(photos, IndexListener.NONE));
      assertThrows(IndexException.class, () -> other.missing(photos));
      assertThrows(
          IndexException.class,
          () -> other.candidates(photos.snapshot(), new float[32], 1, row -> true));
    }
  }

  @Test
  void foldersOfOthers_areLeftAlone() throws IOException {
    Files.createDirectory(folder);
    Files.writeString(folder.resolve("letter.txt"), "mine");
    assertEquals(
        folder
            + ": Lucene index or an empty folder expected, got other files such as letter.txt;"
            + " choose another folder",
        refusal(MODEL));

    folder = temporary.resolve("foreign");
    commit(folder, Map.of("owner", "somebody"));
    assertEquals(
        folder + ": Lucene index of photos expected, got another one; choose another folder",
        refusal(MODEL));

    folder = temporary.resolve("newer");
    commit(folder, Map.of("format", "blip2-lucene", "version", "2"));
    assertEquals(
        folder
            + ": Lucene index of version 1 expected, got version 2; remove the folder and update"
            + " again",
        refusal(MODEL));
  }

  @Test
  void noIndex_isAnErrorThatSaysHowToMakeOne() throws IOException {
    for (Path none : new Path[] {folder, Files.createDirectory(temporary.resolve("empty"))}) {
      var refused = assertThrows(IndexException.class, () -> LuceneIndex.open(none, MODEL));
      assertEquals(
          none + ": Lucene index expected, got none; make one with LuceneIndex.openOrCreate",
          refused.getMessage());
    }
    assertTrue(Files.notExists(folder));
  }

  @Test
  void damagedCommit_isRefused() throws IOException {
    LuceneIndex.openOrCreate(folder, MODEL).close();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(each -> each.endsWith("segments_1")).toList()) {
        Files.write(file, new byte[40]);
      }
    }

    String message = refusal(MODEL);

    assertTrue(
        message.startsWith(
            folder + ": Lucene index that this version reads expected, got another one ("),
        message);
  }

  @Test
  void longVectors_areRefused() {
    assertEquals(
        folder
            + ": vectors of at most 1024 numbers expected by Lucene, got 1025; search without it",
        refusal(new IndexModel("wide", "00", 1, 1025)));
    assertTrue(Files.notExists(folder));
  }

  @Test
  void secondWriter_isRefused_whileSearchesGoOn() throws IOException {
    var made = new MadePhotos(temporary.resolve("photos"), 1).add(0, 20);
    PhotoIndex photos = made.open();
    try (var first = LuceneIndex.openOrCreate(folder, MODEL);
        var second = LuceneIndex.openOrCreate(folder, MODEL)) {
      var tried = new AtomicInteger();
      var listener =
          new IndexListener() {
            @Override
            public void done(int done, int of) {
              var refused =
                  assertThrows(
                      IllegalStateException.class, () -> second.update(photos, IndexListener.NONE));
              assertEquals(
                  "lucene: folder expected without a writer, got "
                      + folder
                      + ", which another one is writing to; wait for it or choose another",
                  refused.getMessage());
              try {
                assertEquals(3, photos.search(PhotoQuery.text("1").top(3), made, second).size());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              tried.incrementAndGet();
            }

            @Override
            public boolean shouldStop() {
              return tried.get() == 1;
            }
          };

      assertEquals(new LuceneUpdate(1, 0, 0, true), first.update(photos, listener));

      assertEquals(1, tried.get());
      assertEquals(new LuceneUpdate(19, 0, 1, false), second.update(photos, IndexListener.NONE));
    }
  }

  /** A writer that commits after every photo, and tells of each. */
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws IOException {
      PhotoIndex photos = PhotoIndex.open(Path.of(args[0]), MODEL);
      var listener =
          new IndexListener() {
            @Override
            public void done(int done, int of) {
              System.out.println(done);
            }
          };
      try (var lucene = LuceneIndex.openOrCreate(Path.of(args[1]), MODEL)) {
        lucene.update(photos, listener);
      }
    }
  }

  @Test
  void killedWriter_leavesItsLastCommit() throws Exception {
    PhotoIndex photos = new MadePhotos(temporary.resolve("photos"), 1).add(0, 2000).open();
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Dblip2.lucene.commitMillis=0",
                "-cp",
                System.getProperty("java.class.path"),
                Child.class.getName(),
                photos.folder().toString(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    int told = 0;
    try (var lines =
        new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8))) {
      while (told < 25) {
        told = Integer.parseInt(String.valueOf(lines.readLine()));
      }
    } finally {
      child.destroyForcibly().waitFor();
    }

    try (var lucene = LuceneIndex.openOrCreate(folder, MODEL)) {
      int kept = lucene.size();
      assertTrue(kept >= told && kept < 2000, kept + " of " + told);
      assertEquals(2000 - kept, lucene.missing(photos));
      var few =
          new IndexListener() {
            private int done;

            @Override
            public void done(int now, int of) {
              done = now;
            }

            @Override
            public boolean shouldStop() {
              return done == 10;
            }
          };
      assertEquals(new LuceneUpdate(10, 0, kept, true), lucene.update(photos, few));
      assertEquals(kept + 10, lucene.size());
    }
    try (Directory directory = FSDirectory.open(folder);
        var check = new CheckIndex(directory)) {
      assertTrue(check.checkIndex().clean);
    }
  }
}
