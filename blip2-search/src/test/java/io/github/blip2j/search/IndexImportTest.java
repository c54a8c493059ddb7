package io.github.blip2j.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.search.store.IndexException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Photos whose vectors were made elsewhere. */
final class IndexImportTest extends IndexedFolder {
  private final List<String> reported = new ArrayList<>();
  private final IndexListener listener =
      new IndexListener() {
        @Override
        public void unreadable(String message) {
          reported.add(message);
        }
      };

  private EmbeddedPhoto embedded(Path file) throws IOException {
    var image = embedder.fit(IndexOptions.defaults().decoder().decode(file));
    float[] vectors = embedder.embed(List.of(image)).get(0);
    embedder.embedded.set(0);
    return EmbeddedPhoto.of(file, vectors)
        .asOf(Files.size(file), Files.getLastModifiedTime(file).toMillis());
  }

  private List<EmbeddedPhoto> embedded() throws IOException {
    List<EmbeddedPhoto> all = new ArrayList<>();
    try (var files = Files.newDirectoryStream(photos, "*.png")) {
      for (Path file : files) {
        all.add(embedded(file));
      }
    }
    return all;
  }

  private IndexUpdate add(Iterator<EmbeddedPhoto> all) throws IOException {
    return index().add(all, embedder.model(), listener);
  }

  @Test
  void add_isWhatAnUpdateWouldHaveMade() throws IOException {
    Pictures.write(photos, 0, 20);
    Files.copy(photos.resolve("005.png"), photos.resolve("copy.png"));

    IndexUpdate added = add(embedded().iterator());

    assertEquals(21, added.added());
    assertEquals(0, added.embedded());
    assertEquals(List.of(), reported);
    List<Photo> imported = index().photos();
    PhotoHit hit = index().search(query("007.png"), embedder).get(0);
    assertEquals(photos.resolve("007.png").toString(), hit.photo().name());
    assertEquals(1, hit.similarity(), 1e-6);
    embedder.embedded.set(0);
    IndexUpdate update = update();
    assertEquals(21, update.unchanged());
    assertEquals(0, embedder.embedded.get(), "nothing is looked at again");
    assertEquals(imported.toString(), index().photos().toString());
  }

  private PhotoQuery query(String name) throws IOException {
    return PhotoQuery.image(IndexOptions.defaults().decoder().decode(photos.resolve(name))).top(1);
  }

  @Test
  void add_again_changesNothing() throws IOException {
    Pictures.write(photos, 0, 5);
    List<EmbeddedPhoto> all = embedded();
    add(all.iterator());

    IndexUpdate again = add(all.iterator());

    assertEquals(0, again.added());
    assertEquals(5, again.unchanged());
  }

  @Test
  void add_ofPhotosThatChanged_replacesThem() throws IOException {
    Pictures.write(photos, 0, 5);
    add(embedded().iterator());
    Path changed = Pictures.write(photos.resolve("003.png"), 103);
    Files.setLastModifiedTime(changed, FileTime.fromMillis(1_000_000));

    IndexUpdate update = add(embedded().iterator());

    assertEquals(1, update.changed());
    assertEquals(4, update.unchanged());
    PhotoHit hit = index().search(query("003.png"), embedder).get(0);
    assertEquals(changed.toString(), hit.photo().name());
    assertEquals(1, hit.similarity(), 1e-6);
  }

  @Test
  void add_throughALink_isWhereAWalkFindsIt() throws IOException {
    Pictures.write(photos, 0, 2);
    Path link = Files.createSymbolicLink(temporary.resolve("link"), photos);

    add(List.of(embedded(link.resolve("000.png")), embedded(photos.resolve("001.png"))).iterator());

    assertEquals(2, update().unchanged());
  }

  @Test
  void photos_thatAreGoneOrChangedOrBroken_areReported() throws IOException {
    Pictures.write(photos, 0, 6);
    List<EmbeddedPhoto> all = embedded();
    all.sort((a, b) -> a.file().compareTo(b.file()));
    Files.delete(photos.resolve("000.png"));
    Files.setLastModifiedTime(photos.resolve("001.png"), FileTime.fromMillis(2_000));
    all.set(2, EmbeddedPhoto.of(all.get(2).file(), new float[3]));
    float[] infinite = all.get(3).vectors().clone();
    infinite[5] = Float.POSITIVE_INFINITY;
    all.set(3, EmbeddedPhoto.of(all.get(3).file(), infinite));
    all.set(4, EmbeddedPhoto.of(photos, all.get(4).vectors()));

    IndexUpdate update = add(all.iterator());

    assertEquals(1, update.added());
    assertEquals(update.unreadable(), reported);
    String long1 = Long.toString(Files.size(photos.resolve("001.png")));
    assertEquals(photos + "/000.png: photo expected, got no file any more", reported.get(0));
    assertTrue(
        reported.get(1).startsWith(photos + "/001.png: photo expected as it was embedded, "),
        reported.get(1));
    assertTrue(
        reported.get(1).endsWith("got " + long1 + " bytes of 1970-01-01T00:00:02Z; embed it again"),
        reported.get(1));
    assertEquals(
        photos + "/002.png: index: vectors of 64 numbers expected, got 3", reported.get(2));
    assertEquals(
        photos + "/003.png: index: finite numbers expected in vectors, got Infinity",
        reported.get(3));
    assertEquals(photos + ": photo expected, got no file", reported.get(4));
    assertEquals(5, reported.size());
  }

  @Test
  void vectors_ofAnotherModel_areRefused() throws IOException {
    PhotoIndex index = index();
    var other = new FakeEmbedder("fedcba9876543210");

    var e =
        assertThrows(
            IndexException.class,
            () -> index.add(List.<EmbeddedPhoto>of().iterator(), other.model(), listener));

    assertTrue(String.valueOf(e.getMessage()).contains("expected, got one of"), e::toString);
  }

  @Test
  void listener_thatStops_keepsWhatWasAdded() throws IOException {
    Pictures.write(photos, 0, 9);
    int[] done = {0};
    var stopping =
        new IndexListener() {
          @Override
          public boolean shouldStop() {
            return ++done[0] == 4;
          }
        };

    IndexUpdate update = index().add(embedded().iterator(), embedder.model(), stopping);

    assertTrue(update.stopped());
    assertEquals(4, index().size());
  }
}
