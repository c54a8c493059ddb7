package io.github.blip2j.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.generation.logits.TopCandidates;
import io.github.blip2j.search.store.Catalog;
import io.github.blip2j.search.store.IndexFolder;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.search.store.IndexedFile;
import io.github.blip2j.search.store.SegmentWriter;
import io.github.blip2j.search.store.Snapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Searches of made vectors against plain loops. */
final class SearchTest {
  private static final int ROWS = 3000;
  private static final int QUERIES = 8;
  private static final int WIDTH = 64;
  private static final IndexModel MODEL = new IndexModel("made", "00", QUERIES, WIDTH);

  private final Random random = new Random(11);
  private final List<float[]> all = new ArrayList<>();
  private final List<IndexedFile> files = new ArrayList<>();

  @TempDir Path temporary;
  private IndexFolder folder = new IndexFolder(Path.of(""));

  /** Three segments; row 7 has two files, every tenth row has none. */
  @BeforeEach
  void write() throws IOException {
    folder = new IndexFolder(temporary.resolve("index"));
    folder.make();
    var segments = new TreeMap<Integer, Integer>();
    for (int segment = 1; segment <= 3; segment++) {
      try (SegmentWriter writer = folder.segment(segment, MODEL)) {
        for (int i = 0; i < ROWS / 3; i++) {
          float[] vectors = vectors();
          int row = all.size();
          all.add(vectors);
          int place = writer.add(vectors);
          if (row % 10 != 0) {
            files.add(file("/p/" + row % 4 + "/" + row + ".jpg", row).in(segment, place));
          }
          if (row == 7) {
            files.add(file("/q/copy.jpg", row).in(segment, place));
          }
        }
        writer.publish();
        segments.put(segment, writer.rows());
      }
    }
    files.sort(Comparator.comparing(IndexedFile::path));
    folder.replace(Catalog.empty(MODEL).with(segments, files));
  }

  private static IndexedFile file(String path, int row) {
    return IndexedFile.unplaced(path, row, row * 1_000_000_000L)
        .withContent("hash" + row, row == 3 ? 5_000_000 : IndexedFile.UNKNOWN);
  }

  private float[] vectors() {
    float[] vectors = new float[QUERIES * WIDTH];
    for (int q = 0; q < QUERIES; q++) {
      System.arraycopy(unit(WIDTH), 0, vectors, q * WIDTH, WIDTH);
    }
    return vectors;
  }

  private float[] unit(int width) {
    double[] values = random.doubles(width, -1, 1).toArray();
    double length = Math.sqrt(Arrays.stream(values).map(v -> v * v).sum());
    float[] unit = new float[width];
    for (int i = 0; i < width; i++) {
      unit[i] = (float) (values[i] / length);
    }
    return unit;
  }

  private double ofText(float[] text, int row) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int q = 0; q < QUERIES; q++) {
      double sum = 0;
      for (int p = 0; p < WIDTH; p++) {
        sum += (double) text[p] * all.get(row)[q * WIDTH + p];
      }
      largest = Math.max(largest, sum);
    }
    return largest;
  }

  private double ofImage(float[] image, int row) {
    double sum = 0;
    for (int i = 0; i < image.length; i++) {
      sum += (double) image[i] * all.get(row)[i];
    }
    return sum / QUERIES;
  }

  private int[] expected(IntToDoubleFunction score, int top) {
    return IntStream.range(0, ROWS)
        .filter(row -> row % 10 != 0)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer row) -> -score.applyAsDouble(row)))
        .limit(top)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  private static int[] rows(TopCandidates best) {
    return IntStream.range(0, best.size()).map(i -> (int) best.place(i)).toArray();
  }

  @ParameterizedTest
  @CsvSource({"1, true", "10, true", "100, true", "5000, true", "1, false", "10, false"})
  void text_findsWhatLoopsFind(int top, boolean exact) throws IOException {
    Snapshot index = folder.open();
    for (int i = 0; i < 20; i++) {
      float[] text = unit(WIDTH);
      VectorScan scan = VectorScan.ofText(index, text);

      TopCandidates best = exact ? scan.exact(top, index::isUsed) : scan.fast(top, index::isUsed);

      int[] expected = expected(row -> ofText(text, row), top);
      assertEquals(Arrays.toString(expected), Arrays.toString(rows(best)));
      for (int place = 0; place < expected.length; place++) {
        assertEquals(ofText(text, expected[place]), best.key(place), 1e-12);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"10, true", "10, false"})
  void image_findsWhatLoopsFind(int top, boolean exact) throws IOException {
    Snapshot index = folder.open();
    for (int i = 0; i < 20; i++) {
      float[] image = vectors();
      VectorScan scan = VectorScan.ofImage(index, image);

      TopCandidates best = exact ? scan.exact(top, index::isUsed) : scan.fast(top, index::isUsed);

      int[] expected = expected(row -> ofImage(image, row), top);
      assertEquals(Arrays.toString(expected), Arrays.toString(rows(best)));
    }
  }

  @Test
  void filters_ofFolderAndDate_acceptTheirOwn() throws IOException {
    PhotoIndex index = PhotoIndex.open(folder.path(), MODEL);
    var embedder = new MadeText(unit(WIDTH));

    List<PhotoHit> two = index.search(PhotoQuery.text("").top(9999).in("2"), embedder);
    List<PhotoHit> dated =
        index.search(
            PhotoQuery.text("")
                .top(9999)
                .after(Instant.ofEpochSecond(1000))
                .before(Instant.ofEpochSecond(1100)),
            embedder);

    assertEquals(
        IntStream.range(0, ROWS).filter(row -> row % 10 != 0 && row % 4 == 2).count(), two.size());
    assertTrue(two.stream().allMatch(hit -> hit.photo().name().startsWith("/p/2/")));
    assertEquals(90, dated.size());
    assertEquals(
        Set.of(),
        index.search(PhotoQuery.text("").top(9999).in("/nowhere"), embedder).stream()
            .collect(Collectors.toSet()));
    assertEquals(
        "/p/3/3.jpg", // by its EXIF date
        index
            .search(PhotoQuery.text("").top(9).after(Instant.ofEpochSecond(5000)), embedder)
            .get(0)
            .photo()
            .name());
  }

  @Test
  void where_holdsBesideTheOtherFilters() throws IOException {
    PhotoIndex index = PhotoIndex.open(folder.path(), MODEL);
    var embedder = new MadeText(unit(WIDTH));
    PhotoQuery query =
        PhotoQuery.text("")
            .top(9999)
            .where(photo -> photo.name().startsWith("/p/2/"))
            .where(photo -> photo.name().endsWith("6.jpg"));

    List<String> names =
        index.search(query.after(Instant.ofEpochSecond(1000)), embedder).stream()
            .map(hit -> hit.photo().name())
            .toList();

    assertEquals(
        index.search(PhotoQuery.text("").top(9999).exact(), embedder).stream()
            .filter(hit -> !hit.photo().date().isBefore(Instant.ofEpochSecond(1000)))
            .map(hit -> hit.photo().name())
            .filter(name -> name.matches("/p/2/.*6.jpg"))
            .toList(),
        names);
    assertFalse(names.isEmpty());
  }

  @Test
  void copies_areOneResult_withTheOneOfTheFilterFirst() throws IOException {
    PhotoIndex index = PhotoIndex.open(folder.path(), MODEL);
    float[] own = Arrays.copyOf(all.get(7), WIDTH);

    PhotoHit hit = index.search(PhotoQuery.text("").top(1), new MadeText(own)).get(0);
    PhotoHit inQ = index.search(PhotoQuery.text("").top(1).in("q"), new MadeText(own)).get(0);

    assertEquals("/p/3/7.jpg", hit.photo().name());
    assertEquals("[/q/copy.jpg]", hit.copies().toString());
    assertEquals("/q/copy.jpg", inQ.photo().name());
    assertEquals(1, hit.similarity(), 1e-6);
  }

  @Test
  void candidates_ofASource_areComparedExactly_andNoOthers() throws IOException {
    PhotoIndex index = PhotoIndex.open(folder.path(), MODEL);
    var embedder = new MadeText(unit(WIDTH));
    PhotoQuery query = PhotoQuery.text("").top(20);
    // Each row twice, the worst first, and those without files and of other folders too.
    int[] twice = IntStream.range(0, 2 * ROWS).map(i -> ROWS - 1 - i / 2).toArray();

    assertEquals(
        index.search(query.exact(), embedder).toString(),
        index.search(query, embedder, (photos, text, count, accepted) -> twice).toString());
    assertEquals(
        index.search(query.in("2").exact(), embedder).toString(),
        index.search(query.in("2"), embedder, (photos, text, count, accepted) -> twice).toString());

    List<PhotoHit> few =
        index.search(
            query, embedder, (photos, text, count, accepted) -> new int[] {30, 21, 7, 12, 21});
    assertEquals(
        IntStream.of(7, 12, 21) // row 30 has no file
            .boxed()
            .sorted(Comparator.comparingDouble((Integer row) -> -ofText(embedder.embed(""), row)))
            .map(row -> "/p/" + row % 4 + "/" + row + ".jpg")
            .toList(),
        few.stream().map(hit -> hit.photo().name()).toList());
  }

  @Test
  void source_isAskedForTextsAlone_withEnough() throws IOException {
    PhotoIndex index = PhotoIndex.open(folder.path(), MODEL);
    var embedder = new MadeText(unit(WIDTH));
    List<Integer> counts = new ArrayList<>();
    CandidateSource source =
        (photos, text, count, accepted) -> {
          counts.add(count);
          return CandidateSource.SCAN.candidates(photos, text, count, accepted);
        };

    index.search(PhotoQuery.text("").exact(), embedder, source);
    assertEquals(List.of(), counts);
    index.search(PhotoQuery.text("").top(10), embedder, source);
    index.search(PhotoQuery.text("").top(100), embedder, source);
    assertEquals(List.of(256, 800), counts);
    int most = Integer.MAX_VALUE;
    assertEquals(
        index.search(PhotoQuery.text("").top(ROWS).exact(), embedder).toString(),
        index.search(PhotoQuery.text("").top(most), embedder, source).toString());
    assertEquals(2700, index.search(PhotoQuery.text("").top(most).exact(), embedder).size());
  }

  @ParameterizedTest
  @CsvSource({"-1", "3000"})
  void source_ofAnotherIndex_isRefused(int row) throws IOException {
    PhotoIndex index = PhotoIndex.open(folder.path(), MODEL);
    var embedder = new MadeText(unit(WIDTH));

    var refused =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                index.search(
                    PhotoQuery.text(""),
                    embedder,
                    (photos, text, count, accepted) -> new int[] {5, row}));
    assertEquals(
        "candidates: rows from 0 to 2999 expected, got " + row + "; is the source of this index?",
        refused.getMessage());
  }

  @Test
  void content_isOfRowsWithFiles() throws IOException {
    Snapshot index = folder.open();

    assertEquals("hash7", index.sha256(7));
    var refused = assertThrows(IllegalArgumentException.class, () -> index.sha256(30));
    assertEquals("index: row with files expected, got 30", refused.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "cats, /a/cats, true",
    "cats, /a/cats/b, true",
    "cats, /a/bigcats, false",
    "'a/*/c', /x/a/b/c/d, true",
    "'a/*/c', /x/a/b/b/c, false",
    "'a/**/c', /x/a/b/b/c, true",
    "/a, /a/b, true",
    "/b, /a/b, false",
    "'202?', /p/2023, true",
    "'202?', /p/20234, false",
    "/, /anything, true",
    "a.b, /axb, false",
    "'a/', /p/a/c, true",
    "'2023/**', /p/2023/5, true",
    "'2023/**', /p/2023, true",
    "'2023/**', /p/20234, false",
    "'a/**/c', /x/a/c, true",
    "'a/**/c', /x/ac, false",
    "'/p/**/c', /p/c, true",
    "'/**', /p/c, true",
    "'**/c', /c, true"
  })
  void folders_matchGlobs(String glob, String path, boolean accepted) {
    IndexedFile file = IndexedFile.unplaced(path + "/x.jpg", 1, 1);

    assertEquals(accepted, PhotoFilter.ALL.in(glob).accepts(file));
  }

  @ParameterizedTest
  @CsvSource({"1", "0.98", "0.6", "0.2"})
  void duplicates_areThoseOfAllPairs(double threshold) throws IOException {
    List<float[]> rows = new ArrayList<>();
    var place = new IndexFolder(temporary.resolve("near"));
    place.make();
    List<IndexedFile> near = new ArrayList<>();
    try (SegmentWriter writer = place.segment(1, MODEL)) {
      for (int i = 0; i < 700; i++) {
        float[] vectors = i % 3 == 0 || i < 10 ? vectors() : noisy(rows.get(i - 1), i % 7 * 0.03);
        rows.add(vectors);
        near.add(file("/n/" + i, i).in(1, writer.add(vectors)));
      }
      writer.publish();
    }
    place.replace(Catalog.empty(MODEL).with(new TreeMap<>(Map.of(1, 700)), near));

    List<PhotoGroup> groups = PhotoIndex.open(place.path()).duplicates(threshold);

    assertEquals(threshold == 1 ? Set.of() : byLoops(rows, threshold), names(groups));
    assertTrue(groups.stream().allMatch(group -> group.similarity() >= threshold));
  }

  @Test
  void copies_areDuplicates_withoutAModel() throws IOException {
    List<PhotoGroup> groups = PhotoIndex.open(folder.path()).duplicates(1);

    assertEquals(
        "[PhotoGroup[photos=[/p/3/7.jpg, /q/copy.jpg], similarity=1.0]]", groups.toString());
    assertThrows(
        IllegalArgumentException.class, () -> PhotoIndex.open(folder.path()).duplicates(0));
  }

  @Test
  void duplicates_ofMoreThanFits_areRefusedInWords() {
    assertEquals(2_097_151 * 1024, NearDuplicates.bytesOfMeans(2_097_151, 256));
    var refused =
        assertThrows(
            IllegalArgumentException.class, () -> NearDuplicates.bytesOfMeans(2_097_152, 256));
    assertEquals(
        "duplicates: at most 2097151 photos of different content expected, got 2097152; make an"
            + " index for each part, or take the threshold 1 for files of equal content",
        refused.getMessage());
  }

  private float[] noisy(float[] from, double noise) {
    float[] vectors = from.clone();
    for (int q = 0; q < QUERIES; q++) {
      double squares = 0;
      for (int i = q * WIDTH; i < (q + 1) * WIDTH; i++) {
        vectors[i] += (float) (random.nextGaussian() * noise);
        squares += vectors[i] * vectors[i];
      }
      for (int i = q * WIDTH; i < (q + 1) * WIDTH; i++) {
        vectors[i] /= (float) Math.sqrt(squares);
      }
    }
    return vectors;
  }

  private static Set<Set<String>> names(List<PhotoGroup> groups) {
    Set<Set<String>> names = new HashSet<>();
    for (PhotoGroup group : groups) {
      Set<String> members = new HashSet<>();
      group.photos().forEach(photo -> members.add(photo.name()));
      names.add(members);
    }
    return names;
  }

  private static Set<Set<String>> byLoops(List<float[]> rows, double threshold) {
    List<Set<String>> groups = new ArrayList<>();
    for (int i = 0; i < rows.size(); i++) {
      groups.add(new HashSet<>(Set.of("/n/" + i)));
    }
    for (int i = 0; i < rows.size(); i++) {
      for (int j = 0; j < i; j++) {
        double sum = 0;
        for (int k = 0; k < rows.get(i).length; k++) {
          sum += (double) rows.get(i)[k] * rows.get(j)[k];
        }
        if (sum / QUERIES >= threshold && groups.get(i) != groups.get(j)) {
          Set<String> joined = groups.get(i);
          joined.addAll(groups.get(j));
          Set<String> old = groups.get(j);
          groups.replaceAll(group -> group == old ? joined : group);
        }
      }
    }
    Set<Set<String>> large = new HashSet<>(groups);
    large.removeIf(group -> group.size() < 2);
    return large;
  }
}
