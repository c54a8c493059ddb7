package io.github.blip2j.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.file.FolderLock;
import io.github.blip2j.search.store.IndexException;
import io.github.blip2j.search.store.IndexFolder;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Updates of an index: what is new, changed, moved, gone or unreadable. */
final class PhotoIndexTest extends IndexedFolder {
  /** Numbers as added, changed, moved, removed, unchanged, embedded. */
  private static String counts(IndexUpdate update) {
    return String.join(
        " ",
        Stream.of(
                update.added(),
                update.changed(),
                update.moved(),
                update.removed(),
                update.unchanged(),
                update.embedded())
            .map(String::valueOf)
            .toList());
  }

  /** Every photo is found by its own picture, with similarity 1, and nothing else is there. */
  private void assertHolds(Path... files) throws IOException {
    var expected = new TreeSet<String>();
    PhotoIndex index = index();
    for (Path file : files) {
      expected.add(file.toString());
      var image = IndexOptions.defaults().decoder().decode(file);
      PhotoHit hit = index.search(PhotoQuery.image(image).top(1), embedder).get(0);
      var found = new ArrayList<>(List.of(hit.photo().name()));
      hit.copies().forEach(copy -> found.add(copy.name()));
      assertTrue(found.contains(file.toString()), file + " in " + found);
      assertEquals(1, hit.similarity(), 1e-6);
    }
    var got = new TreeSet<String>();
    index.photos().forEach(photo -> got.add(photo.name()));
    assertEquals(expected, got);
  }

  @Test
  void update_ofNewChangedMovedRemovedFiles_looksAtNewContentAlone() throws IOException {
    Pictures.write(photos, 0, 20);
    assertEquals("20 0 0 0 0 20", counts(update()));
    assertEquals("0 0 0 0 20 0", counts(update()));

    Files.delete(photos.resolve("003.png"));
    Files.createDirectories(photos.resolve("deep/er"));
    Path moved = Files.move(photos.resolve("004.png"), photos.resolve("deep/er/moved.png"));
    Path copy = Files.copy(photos.resolve("005.png"), photos.resolve("copy.png"));
    Path changed = Pictures.write(photos.resolve("006.png"), 106);
    Files.setLastModifiedTime(changed, FileTime.fromMillis(1_000_000));
    Files.setLastModifiedTime(photos.resolve("007.png"), FileTime.fromMillis(2_000_000));
    Path fresh = Pictures.write(photos.resolve("deep/new.PNG"), 200);

    IndexUpdate update = update();

    assertEquals("2 2 1 1 16 2", counts(update));
    var files = new ArrayList<Path>(List.of(moved, copy, changed, fresh));
    for (int i = 0; i < 20; i++) {
      if (i != 3 && i != 4 && i != 6) {
        files.add(photos.resolve(String.format(Locale.ROOT, "%03d.png", i)));
      }
    }
    assertHolds(files.toArray(Path[]::new));
    assertEquals(22, embedder.embedded.get() - files.size()); // and once for each query above
  }

  @Test
  void search_ofCopiesOfWhichOneIsGone_showsTheOther() throws IOException {
    Pictures.write(photos, 0, 2);
    Path copy = Files.copy(photos.resolve("001.png"), photos.resolve("copy.png"));
    update();
    Files.delete(photos.resolve("001.png"));

    PhotoHit hit = index().search(PhotoQuery.image(Pictures.of(1)).top(1), embedder).get(0);

    assertEquals(copy, hit.photo().path());
    assertEquals(PhotoState.PRESENT, hit.photo().state());
    assertEquals(1, hit.copies().size());
  }

  @Test
  void files_thatAreNoImages_areReportedAndLeftOut() throws IOException {
    Pictures.write(photos, 0, 3);
    Files.writeString(photos.resolve("a.jpg"), "no picture");
    Files.writeString(photos.resolve("a-copy.jpg"), "no picture");
    Files.createFile(photos.resolve("b.png"));
    byte[] png = Files.readAllBytes(photos.resolve("000.png"));
    Files.write(photos.resolve("cut.png"), Arrays.copyOf(png, png.length / 2));
    Files.write(photos.resolve("huge.bmp"), Pictures.huge());

    IndexUpdate update = update();

    assertEquals("3 0 0 0 0 3", counts(update));
    assertEquals(5, update.unreadable().size(), update.unreadable().toString());
    assertTrue(
        update.unreadable().stream().anyMatch(line -> line.contains("huge.bmp: image expected")),
        update.unreadable().toString());
    assertEquals(3, index().size());

    Files.writeString(photos.resolve("000.png"), "no picture any more");

    assertEquals(6, update().unreadable().size());
    assertEquals(2, index().size());
  }

  @Test
  void links_areLeftOut_orFollowedOnce() throws IOException {
    Path other = Files.createDirectory(temporary.resolve("other")).toRealPath();
    Pictures.write(other, 50, 52);
    Pictures.write(photos, 0, 2);
    Files.createSymbolicLink(photos.resolve("loop"), photos);
    Files.createSymbolicLink(photos.resolve("to-other"), other);
    Files.createSymbolicLink(other.resolve("back"), photos);
    Files.createSymbolicLink(photos.resolve("file.png"), other.resolve("050.png"));
    Files.createSymbolicLink(photos.resolve("nowhere.png"), other.resolve("none.png"));

    assertEquals("2 0 0 0 0 2", counts(update()));

    IndexUpdate followed = update(IndexOptions.defaults().followingLinks());
    assertEquals("3 0 0 0 2 2", counts(followed));
  }

  @Test
  void names_ofAnyBytes_leadBackToTheirFiles() throws IOException {
    Path strange = Path.of(URI.create(photos.toUri() + "caf%e9%0a%22.png"));
    Pictures.of(9).writePng(temporary.resolve("plain.png"));
    Files.copy(temporary.resolve("plain.png"), strange);
    Path escaped = Pictures.write(photos.resolve("like\\xe9.png"), 10);

    assertEquals("2 0 0 0 0 2", counts(update()));
    assertEquals("0 0 0 0 2 0", counts(update()));

    Photo found = index().search(PhotoQuery.image(Pictures.of(9)).top(1), embedder).get(0).photo();
    assertTrue(found.name().endsWith("caf\\xe9\n\".png"), found.name());
    assertEquals(PhotoState.PRESENT, found.state());
    assertTrue(Files.isSameFile(strange, found.path()));
    Photo other = index().search(PhotoQuery.image(Pictures.of(10)).top(1), embedder).get(0).photo();
    assertTrue(Files.isSameFile(escaped, other.path()));
  }

  @Test
  void photos_changedOrGoneSince_sayso() throws IOException {
    Pictures.write(photos, 0, 3);
    update();
    List<PhotoHit> hits = index().search(PhotoQuery.text("ff0000").top(3), embedder);
    Files.delete(photos.resolve("001.png"));
    Pictures.write(photos.resolve("002.png"), 77);
    Files.setLastModifiedTime(photos.resolve("002.png"), FileTime.fromMillis(5));

    for (PhotoHit hit : hits) {
      PhotoState expected =
          hit.photo().name().endsWith("001.png")
              ? PhotoState.MISSING
              : hit.photo().name().endsWith("002.png") ? PhotoState.CHANGED : PhotoState.PRESENT;
      assertEquals(expected, hit.photo().state(), hit.photo().name());
    }
    List<PhotoHit> looked = index().search(PhotoQuery.text("ff0000").top(3).rerank(3), embedder);
    assertTrue(looked.get(0).photo().name().endsWith("000.png"));
    assertTrue(looked.get(0).match() != null && looked.get(1).match() == null);
  }

  @Test
  void folder_thatIsEmptyAllAtOnce_isTakenForAMissingDisk() throws IOException {
    Pictures.write(photos, 0, 2);
    folder = temporary.resolve("index");
    update();
    Files.delete(photos.resolve("000.png"));
    Files.delete(photos.resolve("001.png"));

    var refused = assertThrows(IndexException.class, this::update);

    assertTrue(said(refused).contains("--allow-empty"), said(refused));
    assertEquals(2, index().size());
    assertEquals("0 0 0 2 0 0", counts(update(IndexOptions.defaults().allowingEmpty())));
    assertEquals(List.of("catalog.jsonl"), files());
  }

  @Test
  void index_ofAnotherModel_version_orOtherFiles_isRefused() throws IOException {
    Pictures.write(photos, 0, 2);
    update();
    var other = new FakeEmbedder("fedcba9876543210");

    var refused =
        assertThrows(IndexException.class, () -> PhotoIndex.openOrCreate(folder, other.model()));
    assertEquals(
        folder
            + ": index of the model fake (fedcba987654, 4 x 16) expected, got one of fake"
            + " (0123456789ab, 4 x 16); give that model, or index again into another folder",
        refused.getMessage());
    assertThrows(IndexException.class, () -> index().search(PhotoQuery.text("000000"), other));

    Path catalog = folder.resolve("catalog.jsonl");
    String text = Files.readString(catalog);
    Files.writeString(catalog, text.replace("\"version\":1", "\"version\":2"));
    String message = said(assertThrows(IndexException.class, this::index));
    assertTrue(message.contains("version 1 expected, got version 2"), message);
    for (String damaged :
        List.of(
            "",
            "{}",
            "[1]",
            text.substring(0, text.length() / 2),
            text.replace("\"row\":1", "\"row\":7"),
            text.replace("\"width\":16", "\"width\":-1"),
            text.replace("\"files\":2", "\"files\":3"))) {
      Files.writeString(catalog, damaged);
      String said = said(assertThrows(IndexException.class, this::index, damaged));
      assertTrue(said.startsWith(catalog + ": catalog of an index expected"), said);
    }
    Files.writeString(catalog, text);
    Files.write(folder.resolve("segment-000001.u8"), new byte[3]);
    assertTrue(said(assertThrows(IndexException.class, this::index)).contains("got 3; remove"));
    folder = photos;
    assertTrue(
        said(assertThrows(IndexException.class, this::index))
            .contains("empty folder expected, got other files such as .blip2-index"));
    folder = temporary.resolve("none");
    assertTrue(
        said(assertThrows(IndexException.class, () -> PhotoIndex.open(folder)))
            .contains("index expected, got none; make one with blip2 index FOLDER"));
  }

  @Test
  void secondIndexer_isRefused_whileSearchesGoOn() throws IOException {
    Pictures.write(photos, 0, 3);
    update();

    try (FolderLock lock = new IndexFolder(folder).lock()) {
      var refused = assertThrows(IllegalStateException.class, this::update);
      assertTrue(said(refused).contains("which another indexer is writing to"));
      assertEquals(3, index().search(PhotoQuery.text("00ff00"), embedder).size());
    }
    assertEquals("0 0 0 0 3 0", counts(update()));
  }

  @Test
  void stoppedUpdate_keepsWhatItHas() throws IOException {
    Pictures.write(photos, 0, 30);
    var listener =
        new IndexListener() {
          private int done;

          @Override
          public void done(int now, int of) {
            done = now;
          }

          @Override
          public boolean shouldStop() {
            return done >= 11;
          }
        };

    IndexUpdate stopped = index().update(photos, embedder, IndexOptions.defaults(), listener);

    assertTrue(stopped.stopped());
    assertEquals(11, index().size());
    assertEquals("19 0 0 0 11 19", counts(update()));
  }

  @Test
  void manyUpdates_areCompacted() throws IOException {
    for (int i = 0; i < 40; i++) {
      Pictures.write(photos, 2 * i, 2 * i + 2);
      update();
      assertTrue(segments() <= 16, files().toString());
    }
    for (int i = 0; i < 60; i++) {
      Files.delete(photos.resolve(String.format(Locale.ROOT, "%03d.png", i)));
    }
    PhotoIndex before = index();
    assertEquals("0 0 0 60 20 0", counts(update()));
    var left = new ArrayList<Path>();
    for (int i = 60; i < 80; i++) {
      left.add(photos.resolve(String.format(Locale.ROOT, "%03d.png", i)));
    }
    assertHolds(left.toArray(Path[]::new));
    index().compact();
    assertHolds(left.toArray(Path[]::new));
    assertEquals(1, segments());
    long rows = Files.size(folder.resolve(files().get(1))) / (4 * 4 * 16);
    assertEquals(20, rows);
    assertEquals(80, before.search(PhotoQuery.text("ff00ff").top(99), embedder).size());
  }

  private static String said(Throwable thrown) {
    return String.valueOf(thrown.getMessage());
  }

  private long segments() throws IOException {
    return files().stream().filter(name -> name.endsWith(".f32")).count();
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }
}
