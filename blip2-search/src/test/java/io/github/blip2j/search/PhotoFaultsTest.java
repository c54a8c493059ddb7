package io.github.blip2j.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.file.FolderLock;
import io.github.blip2j.io.file.Sha256;
import io.github.blip2j.search.store.Catalog;
import io.github.blip2j.search.store.IndexFolder;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.search.store.SegmentWriter;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

/** Files and folders that cannot be read, or not as they were indexed. */
final class PhotoFaultsTest extends IndexedFolder {
  @Test
  void rerank_ofContentThatChangedUnseen_looksAtTheOthers() throws IOException {
    Pictures.write(photos, 0, 3);
    update();
    Path changed = photos.resolve("001.png");
    FileTime time = Files.getLastModifiedTime(changed);
    byte[] bytes = Files.readAllBytes(changed);
    bytes[bytes.length - 1]++;
    Files.write(changed, bytes);
    Files.setLastModifiedTime(changed, time);

    List<PhotoHit> looked = index().search(PhotoQuery.text("ff0000").top(3).rerank(3), embedder);

    assertEquals(PhotoState.PRESENT, looked.get(2).photo().state());
    assertEquals(changed.toString(), looked.get(2).photo().name());
    assertTrue(looked.get(1).match() != null && looked.get(2).match() == null);
  }

  @Test
  void rerank_ofAPresentPhotoThatCannotBeDecoded_isTold_withoutALimitOfItsOwn() throws IOException {
    Path huge = photos.resolve("huge.bmp");
    Files.write(huge, Pictures.huge());
    PhotoIndex index = index();
    var place = new IndexFolder(folder);
    try (SegmentWriter segment = place.segment(1, embedder.model())) {
      int row = segment.add(embedder.embed(List.of(Pictures.of(1))).get(0));
      segment.publish();
      IndexedFile file = FolderWalk.of(photos, folder, false).found().firstEntry().getValue();
      IndexedFile indexed =
          file.withContent(Sha256.hex(Pictures.huge()), IndexedFile.UNKNOWN).in(1, row);
      place.replace(
          Catalog.empty(embedder.model()).with(new TreeMap<>(Map.of(1, 1)), List.of(indexed)));
    }
    index.refresh();

    var told =
        assertThrows(
            IOException.class, () -> index.search(PhotoQuery.text("ff0000").rerank(1), embedder));

    String said = String.valueOf(told.getMessage());
    assertTrue(said.contains("huge.bmp: "), said);
    assertFalse(said.contains("pixels"), said);
  }

  @Test
  void folder_thatCannotBeRead_isReportedAndKeepsItsPhotos() throws IOException {
    Pictures.write(photos, 0, 2);
    Path closed = Files.createDirectory(photos.resolve("closed"));
    Path inside = Pictures.write(closed.resolve("in.png"), 5);
    Path beside = Pictures.write(photos.resolve("closed-not.png"), 6);
    update();
    Files.delete(inside); // as if it could not be seen: the right to read does not stop root
    Files.delete(beside);
    Files.delete(closed);
    var place = new IndexFolder(folder);
    FolderWalk walk = FolderWalk.of(photos, folder, false);
    walk.visitFileFailed(closed, new AccessDeniedException(closed.toString()));

    IndexUpdate update;
    try (FolderLock lock = place.lock()) {
      update =
          new Indexer(place, place.catalog(), embedder, IndexOptions.defaults(), IndexListener.NONE)
              .run(walk, photos.toString());
    }

    assertEquals(1, update.removed());
    assertEquals(2, update.unchanged());
    assertEquals(
        List.of(closed + ": readable file or folder expected, got no right to read it"),
        update.unreadable());
    assertTrue(index().photos().stream().anyMatch(photo -> photo.name().equals(inside.toString())));
  }

  @Test
  void folder_thatBreaksOffOrFails_isReportedInWords() throws IOException {
    FolderWalk walk = FolderWalk.of(photos, folder, false);

    walk.postVisitDirectory(photos, new FileSystemException("x", null, "Input/output error"));
    walk.postVisitDirectory(photos, null);
    walk.visitFileFailed(photos, new NoSuchFileException("x"));
    walk.visitFileFailed(photos, new FileSystemLoopException("x"));

    String start = photos + ": readable file or folder expected, got ";
    assertEquals(
        List.of(start + "an error of the system: Input/output error", start + "no file any more"),
        walk.unreadable());
  }

  @Test
  void contactSheet_needsNoTemporaryFiles() throws IOException {
    Pictures.write(photos, 0, 2);
    update();
    List<PhotoHit> hits = index().search(PhotoQuery.text("ff0000"), embedder);
    Path none = Files.createDirectory(temporary.resolve("none"));
    Path sheet = temporary.resolve("sheet.html");

    ImageIO.setCacheDirectory(none.toFile());
    try {
      Files.delete(none);
      ContactSheet.ofHits("red", hits, sheet);
    } finally {
      ImageIO.setCacheDirectory(null);
    }

    assertEquals(2, Files.readString(sheet).split("data:image/jpeg;base64,", -1).length - 1);
  }
}
