package io.github.blip2j.lucene;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.search.CandidateSource;
import io.github.blip2j.search.IndexListener;
import io.github.blip2j.search.PhotoHit;
import io.github.blip2j.search.PhotoIndex;
import io.github.blip2j.search.PhotoQuery;
import io.github.blip2j.search.store.Snapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Searches by the graph against exact ones, before and after changes of the photos. */
final class LuceneIndexTest {
  private static final int PHOTOS = 600;
  private static final int TEXTS = 20;

  @TempDir Path temporary;
  private MadePhotos made;
  private PhotoIndex photos;
  private LuceneIndex lucene;

  @BeforeEach
  void build() throws IOException {
    made = new MadePhotos(temporary.resolve("photos"), 1).add(0, 400).add(400, PHOTOS);
    photos = made.open();
    lucene = LuceneIndex.openOrCreate(temporary.resolve("lucene"), MadePhotos.MODEL);
    assertEquals(new LuceneUpdate(PHOTOS, 0, 0, false), lucene.update(photos, IndexListener.NONE));
  }

  @AfterEach
  void close() throws IOException {
    lucene.close();
  }

  private void assertAsExact(UnaryOperator<PhotoQuery> of) throws IOException {
    for (int i = 0; i < TEXTS; i++) {
      PhotoQuery query = of.apply(PhotoQuery.text(String.valueOf(i)));
      List<PhotoHit> exact = photos.search(query.exact(), made);
      assertFalse(exact.isEmpty());
      assertEquals(exact.toString(), photos.search(query, made, lucene).toString());
    }
  }

  private static int[] sorted(int[] rows) {
    return Arrays.stream(rows).sorted().toArray();
  }

  /** The vector of the first query of a photo. */
  private float[] oneOf(int photo) {
    return Arrays.copyOf(made.photo(photo), MadePhotos.MODEL.width());
  }

  @Test
  void search_findsWhatTheExactOneFinds() throws IOException {
    assertAsExact(query -> query.top(10));
    assertAsExact(query -> query.top(9999));
    assertEquals(PHOTOS, lucene.size());
  }

  @Test
  void candidates_areAsManyDifferentRowsAsAskedFor() throws IOException {
    Snapshot now = photos.snapshot();
    for (int count : new int[] {1, 20, 256, PHOTOS - 1, PHOTOS, 9999}) {
      int[] rows = lucene.candidates(now, made.embed("7"), count, now::isUsed);
      assertEquals(Math.min(count, PHOTOS), Arrays.stream(rows).distinct().count());
      assertEquals(Math.min(count, PHOTOS), rows.length);
    }
  }

  /** Vectors of other photos under the same content show where candidates come from. */
  @Test
  void candidates_areThoseOfTheGraph() throws IOException {
    var others = new MadePhotos(temporary.resolve("others"), 1_000_000).add(0, PHOTOS);
    Snapshot now = others.open().snapshot();
    int strange = 0;
    for (int photo = 0; photo < 50; photo++) {
      int[] rows = lucene.candidates(now, oneOf(photo), 1, now::isUsed);
      assertArrayEquals(new int[] {photo}, rows);
      strange +=
          Arrays.equals(rows, CandidateSource.SCAN.candidates(now, oneOf(photo), 1, now::isUsed))
              ? 0
              : 1;
    }
    assertTrue(strange > 40, strange + " of 50");
  }

  @Test
  void filters_hold() throws IOException {
    assertAsExact(query -> query.top(5).in("3")); // 60 photos, all proposed
    assertAsExact(query -> query.top(5).before(Instant.ofEpochSecond(300))); // more than 256
    assertAsExact(
        query ->
            query
                .in("p")
                .after(Instant.ofEpochSecond(100))
                .before(Instant.ofEpochSecond(PHOTOS - 1)));
    assertEquals(List.of(), photos.search(PhotoQuery.text("1").in("/nowhere"), made, lucene));

    Snapshot now = photos.snapshot();
    int[] odd = lucene.candidates(now, made.embed("3"), 40, row -> row % 2 == 1);
    assertEquals(40, odd.length);
    assertTrue(Arrays.stream(odd).allMatch(row -> row % 2 == 1), Arrays.toString(odd));
  }

  @Test
  void olderThanThePhotos_missesNone_andShowsNoneThatIsGone() throws IOException {
    made.add(PHOTOS, PHOTOS + 50);
    made.remove(photo -> photo % 5 == 0 && photo < 300);
    photos.refresh();

    assertEquals(50, lucene.missing(photos));
    assertAsExact(query -> query.top(10));
    assertAsExact(query -> query.top(9999));
    Snapshot now = photos.snapshot();
    for (int photo = PHOTOS; photo < PHOTOS + 50; photo++) {
      int row = photo;
      int[] rows = lucene.candidates(now, oneOf(photo), 1, now::isUsed);
      assertTrue(Arrays.stream(rows).anyMatch(each -> each == row));
    }
    int[] rows = lucene.candidates(now, oneOf(5), 200, now::isUsed);
    assertTrue(Arrays.stream(rows).allMatch(now::isUsed));
    assertEquals(200, Arrays.stream(rows).filter(row -> row < PHOTOS).count()); // none wasted
  }

  @Test
  void update_afterChanges_addsAndRemoves() throws IOException {
    made.add(PHOTOS, PHOTOS + 50);
    made.remove(photo -> photo % 5 == 0 && photo < 300);
    photos.refresh();

    assertEquals(
        new LuceneUpdate(50, 60, PHOTOS - 60, false), lucene.update(photos, IndexListener.NONE));
    assertEquals(
        new LuceneUpdate(0, 0, PHOTOS - 10, false), lucene.update(photos, IndexListener.NONE));

    assertEquals(PHOTOS - 10, lucene.size());
    assertEquals(0, lucene.missing(photos));
    assertAsExact(query -> query.top(10));
    Snapshot now = photos.snapshot();
    for (int photo : new int[] {1, 299, 400, PHOTOS, PHOTOS + 49}) {
      assertArrayEquals(new int[] {photo}, lucene.candidates(now, oneOf(photo), 1, now::isUsed));
    }
  }

  @Test
  void rows_inOtherPlaces_areFoundByTheirContent() throws IOException {
    made.remove(photo -> photo < 100);
    photos.refresh();

    photos.compact();

    assertEquals(PHOTOS - 100, photos.snapshot().rows());
    assertEquals(0, lucene.missing(photos));
    assertAsExact(query -> query.top(10));
  }

  @Test
  void manyMissingPhotos_makeItAScan() throws IOException {
    made.add(PHOTOS, PHOTOS + 1100);
    photos.refresh();
    Snapshot now = photos.snapshot();
    float[] text = made.embed("1");

    int[] rows = lucene.candidates(now, text, 30, now::isUsed);

    assertArrayEquals(
        sorted(CandidateSource.SCAN.candidates(now, text, 30, now::isUsed)), sorted(rows));
    assertAsExact(query -> query.top(10));
  }

  @Test
  void emptyIndex_isSearched() throws IOException {
    try (var empty = LuceneIndex.openOrCreate(temporary.resolve("empty"), MadePhotos.MODEL)) {
      Snapshot now = photos.snapshot();

      int[] rows = empty.candidates(now, made.embed("1"), 3, now::isUsed);

      assertArrayEquals(IntStream.range(0, PHOTOS).toArray(), rows);
      assertEquals(PHOTOS, empty.missing(photos));
      assertEquals(0, empty.size());
    }
  }

  @Test
  void stoppedUpdate_keepsWhatItHas() throws IOException {
    made.add(PHOTOS, PHOTOS + 50);
    photos.refresh();
    var done = new AtomicInteger();
    var listener =
        new IndexListener() {
          @Override
          public void done(int now, int of) {
            assertEquals(50, of);
            done.set(now);
          }

          @Override
          public boolean shouldStop() {
            return done.get() == 20;
          }
        };

    assertEquals(new LuceneUpdate(20, 0, PHOTOS, true), lucene.update(photos, listener));

    assertEquals(30, lucene.missing(photos));
    assertAsExact(query -> query.top(10));
    assertEquals(
        new LuceneUpdate(30, 0, PHOTOS + 20, false), lucene.update(photos, IndexListener.NONE));
  }

  @Test
  void failedUpdate_leavesTheLastCommit() throws IOException {
    made.add(PHOTOS, PHOTOS + 5);
    photos.refresh();
    var failing =
        new IndexListener() {
          @Override
          public void done(int now, int of) {
            throw new IllegalArgumentException("enough");
          }
        };

    assertThrows(IllegalArgumentException.class, () -> lucene.update(photos, failing));

    assertEquals(5, lucene.missing(photos));
    assertEquals(new LuceneUpdate(5, 0, PHOTOS, false), lucene.update(photos, IndexListener.NONE));
  }

  @Test
  void otherReader_seesAnUpdate_whenItRefreshes() throws IOException {
    made.add(PHOTOS, PHOTOS + 5);
    photos.refresh();
    try (var other = LuceneIndex.open(temporary.resolve("lucene"), MadePhotos.MODEL)) {
      lucene.update(photos, IndexListener.NONE);
      assertEquals(5, other.missing(photos));

      other.refresh();

      assertEquals(0, other.missing(photos));
    }
  }
}
