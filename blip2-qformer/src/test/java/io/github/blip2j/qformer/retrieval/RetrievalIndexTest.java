package io.github.blip2j.qformer.retrieval;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.CrossAttentionKeyValues;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.ShapeMismatchException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two-step retrieval against loops that hold the whole matrix and score pair by pair. */
@ExtendWith(InScope.class)
final class RetrievalIndexTest {
  private static final int IMAGES = 9;
  private static final int TEXTS = 23; // more than one batch of matching

  @TempDir Path folder;
  private Toy toy;
  private Tensor images;
  private List<int[]> texts;
  private RetrievalIndex index;

  @BeforeEach
  void build(Scope scope) throws IOException {
    toy = new Toy(scope);
    images = toy.images(IMAGES);
    texts = toy.texts(TEXTS);
    index = RetrievalIndex.create(toy.model, 0, folder);
  }

  @AfterEach
  void close() throws IOException {
    index.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 9, 1000})
  void rank_anyK_equalsLoops(int k) throws IOException {
    fill();

    Rankings rankings = index.rank(k);

    float[][] cosines = cosines();
    float[][] logits = logits();
    for (int i = 0; i < IMAGES; i++) {
      float[] sims = cosines[i];
      float[] matches = logits[i];
      assertRanking(k, sims, matches, rankings.texts().get(i));
    }
    for (int t = 0; t < TEXTS; t++) {
      assertRanking(k, column(cosines, t), column(logits, t), rankings.images().get(t));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 9, 1000})
  void rankBySimilarity_anyK_equalsLoopsWithoutMatchScores(int k) throws IOException {
    fill();

    Rankings rankings = index.rankBySimilarity(k);

    float[][] cosines = cosines();
    for (int i = 0; i < IMAGES; i++) {
      assertRanking(k, cosines[i], new float[TEXTS], rankings.texts().get(i));
    }
    for (int t = 0; t < TEXTS; t++) {
      assertRanking(k, column(cosines, t), new float[IMAGES], rankings.images().get(t));
    }
  }

  @Test
  void search_aTextOfTheIndex_isItsRanking() throws IOException {
    fill();

    Ranking found = index.search(texts.get(3), 4);

    Ranking expected = index.rank(4).images().get(3);
    assertArrayEquals(expected.ids(), found.ids());
    assertEquals(expected.score(0), found.score(0), 1e-5);
  }

  @Test
  void addImages_inPieces_areNumberedInOrder() throws IOException {
    index.addImages(images.narrow(0, 0, 2));
    index.addImages(images.narrow(0, 2, IMAGES - 2));
    index.addTexts(texts.subList(0, 5));
    index.addTexts(texts.subList(5, TEXTS));

    assertEquals(List.of(IMAGES, TEXTS), List.of(index.images(), index.texts()));
    int[] inPieces = index.rank(3).texts().get(4).ids();
    index.close();
    index = RetrievalIndex.create(toy.model, 0, folder);
    fill();
    assertArrayEquals(index.rank(3).texts().get(4).ids(), inPieces);
  }

  @Test
  void rank_empty_isEmpty() throws IOException {
    Rankings rankings = index.rank(3);

    assertEquals(List.of(List.of(), List.of()), List.of(rankings.texts(), rankings.images()));
  }

  @Test
  void rank_imagesWithoutTexts_haveNoCandidates() throws IOException {
    index.addImages(images);

    assertEquals(0, index.rank(3).texts().get(0).size());
  }

  @Test
  void close_removesTheTemporaryFile() throws IOException {
    fill();
    index.close();

    try (var left = Files.list(folder)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void rank_withoutCandidates_isRefused() {
    var thrown = assertThrows(IllegalArgumentException.class, () -> index.rank(0));

    assertEquals("retrieval: k expected at least 1, got 0", thrown.getMessage());
  }

  @Test
  void addImages_ofAnotherSize_isRefused() throws IOException {
    index.addImages(images);
    Tensor other = Tensor.zeros(DType.FLOAT32, 1, Toy.TOKENS + 1, Toy.WIDTH);

    var thrown = assertThrows(ShapeMismatchException.class, () -> index.addImages(other));

    assertEquals("retrieval: image expected [?, 7, 10], got [1, 8, 10]", thrown.getMessage());
    assertEquals(IMAGES, index.images());
  }

  @Test
  void addImages_ofNoNumbers_isRefused() throws IOException {
    index.addImages(images);
    Tensor broken = Tensor.full(DType.FLOAT32, Double.NaN, 1, Toy.TOKENS, Toy.WIDTH);

    var thrown = assertThrows(IllegalStateException.class, () -> index.addImages(broken));

    assertEquals("retrieval: features expected finite, got NaN in image 9", thrown.getMessage());
  }

  @Test
  void rank_matchOfNoNumber_namesThePair() throws IOException {
    fill();
    Tensor bias = requireNonNull(toy.parameters.get("matching.bias")).value();
    bias.copyInPlace(Tensor.full(DType.FLOAT32, Double.NaN, 2));

    var thrown = assertThrows(IllegalStateException.class, () -> index.rank(TEXTS));

    assertEquals(
        "retrieval: match score expected a number, got NaN for image 0 and text 0",
        thrown.getMessage());
  }

  /** Whatever a first run had done, a second computes the rest alone, to the same bits. */
  @Test
  void resumable_goesOnWithWhatThereIs() throws IOException {
    Rankings expected = resumed(new Kept(), "whole", IMAGES);
    for (int first = 0; first <= IMAGES; first += 3) {
      var journal = new Kept();
      Path files = folder.resolve("run" + first);
      try (var stopped = RetrievalIndex.resumable(toy.model, 0, files, "id", journal)) {
        stopped.addImages(images.narrow(0, 0, 1)); // as a whole run adds them
        for (int i = 1; i < first; i++) {
          stopped.addImages(images.narrow(0, i, 1));
        }
        if (first == IMAGES) {
          stopped.addTexts(texts);
          journal.room = 4; // the run ends in the middle of matching
          assertThrows(IOException.class, () -> stopped.rank(4));
          journal.room = Integer.MAX_VALUE;
        }
      }
      int before = journal.numbers.size();
      Rankings rankings = resumed(journal, "run" + first, IMAGES - Math.max(1, first));

      assertEquals(expected.texts().toString(), rankings.texts().toString());
      assertArrayEquals(scores(expected), scores(rankings));
      assertEquals(first == IMAGES ? 5 : 0, before); // texts and four images
      assertEquals(1 + IMAGES, journal.puts);
    }
  }

  @Test
  void resumable_ofOtherWork_beginsAnew() throws IOException {
    Path files = folder.resolve("run");
    try (var first = RetrievalIndex.resumable(toy.model, 0, files, "one", new Kept())) {
      first.addImages(images);
    }
    try (var same = RetrievalIndex.resumable(toy.model, 0, files, "one", new Kept())) {
      assertEquals(IMAGES, same.images());
    }
    try (var other = RetrievalIndex.resumable(toy.model, 0, files, "two", new Kept())) {
      assertEquals(0, other.images());
      other.addImages(images.narrow(0, 0, 2));
    }
    try (var again = RetrievalIndex.resumable(toy.model, 0, files, "two", new Kept())) {
      assertEquals(2, again.images());
    }
    RetrievalIndex.remove(files);
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(0, left.filter(file -> file.getFileName().toString().startsWith("run")).count());
    }
  }

  /** A journal in memory, with room for so many numbers. */
  private static final class Kept implements IndexJournal {
    private final Map<String, float[]> numbers = new HashMap<>();
    private int room = Integer.MAX_VALUE;
    private int puts;

    @Override
    public float @Nullable [] get(String key) {
      return numbers.get(key);
    }

    @Override
    public void put(String key, float[] values) throws IOException {
      if (room-- == 0) {
        throw new IOException("No space left on device");
      }
      puts++;
      numbers.put(key, values.clone());
    }
  }

  private Rankings resumed(Kept journal, String name, int rest) throws IOException {
    try (var resumed =
        RetrievalIndex.resumable(toy.model, 0, folder.resolve(name), "id", journal)) {
      assertEquals(rest, IMAGES - resumed.images());
      for (int i = resumed.images(); i < IMAGES; i++) {
        resumed.addImages(images.narrow(0, i, 1));
      }
      resumed.addTexts(texts);
      return resumed.rank(4);
    }
  }

  private static float[] scores(Rankings rankings) {
    float[] scores = new float[IMAGES * 4];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = rankings.texts().get(i / 4).score(i % 4);
    }
    return scores;
  }

  private void fill() throws IOException {
    index.addImages(images);
    index.addTexts(texts);
  }

  /**
   * The most alike first meet the match, those left out follow; what differs by no more than
   * rounding may change places.
   */
  private static void assertRanking(int k, float[] sims, float[] logits, Ranking actual) {
    float[] ascending = sims.clone();
    Arrays.sort(ascending);
    int most = Math.min(k, sims.length);
    float least = ascending[sims.length - most];
    Set<Integer> candidates = new HashSet<>();
    double before = Double.POSITIVE_INFINITY;

    assertEquals(most, actual.size());
    for (int place = 0; place < most; place++) {
      int id = actual.id(place);
      double score = (double) sims[id] + logits[id];
      assertTrue(sims[id] >= least - 1e-5, "candidate " + id);
      assertTrue(score <= before + 1e-4, "place " + place);
      assertEquals(sims[id], actual.similarity(place), 1e-5);
      assertEquals(logits[id], actual.matchLogit(place), 1e-4);
      assertEquals(score, actual.score(place), 1e-4);
      assertEquals(place, actual.placeOf(id));
      assertTrue(candidates.add(id), "twice " + id);
      before = score;
    }
    for (int id = 0; id < sims.length; id++) {
      assertTrue(candidates.contains(id) || actual.placeOf(id) >= most, "left out " + id);
    }
  }

  private float[][] cosines() {
    float[][] cosines = new float[IMAGES][TEXTS];
    for (int i = 0; i < IMAGES; i++) {
      CrossAttentionKeyValues read = toy.model.imageKeyValues(images.narrow(0, i, 1));
      Tensor queries = toy.model.encodeQueries(read, ForwardPass.evaluation());
      float[] image = toy.model.imageFeatures(queries).toFloats();
      for (int t = 0; t < TEXTS; t++) {
        TextBatch one = TextBatch.of(List.of(texts.get(t)), 0);
        float[] text =
            toy.model.textFeature(toy.model.encodeText(one, ForwardPass.evaluation())).toFloats();
        cosines[i][t] = Float.NEGATIVE_INFINITY;
        for (int q = 0; q < image.length / text.length; q++) {
          float product = 0;
          for (int p = 0; p < text.length; p++) {
            product += image[q * text.length + p] * text[p];
          }
          cosines[i][t] = Math.max(cosines[i][t], product);
        }
      }
    }
    return cosines;
  }

  private float[][] logits() {
    float[][] logits = new float[IMAGES][TEXTS];
    for (int i = 0; i < IMAGES; i++) {
      CrossAttentionKeyValues read = toy.model.imageKeyValues(images.narrow(0, i, 1));
      for (int t = 0; t < TEXTS; t++) {
        TextBatch one = TextBatch.of(List.of(texts.get(t)), 0);
        logits[i][t] = toy.model.matchLogits(read, one, ForwardPass.evaluation()).toFloats()[1];
      }
    }
    return logits;
  }

  private static float[] column(float[][] matrix, int t) {
    float[] column = new float[matrix.length];
    for (int i = 0; i < column.length; i++) {
      column[i] = matrix[i][t];
    }
    return column;
  }
}
