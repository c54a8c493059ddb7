package io.github.blip2j.qformer.retrieval;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Order, ties and recall of rankings that are written down. */
final class RankingsTest {
  @Test
  void candidates_equalSimilarities_keepTheFirst() {
    var candidates = new Candidates(3);
    float[] similarities = {0.5f, 0.25f, 0.5f, 0.75f, 0.5f, 0.25f};
    for (int id = 0; id < similarities.length; id++) {
      candidates.offer(id, similarities[id]);
    }

    assertArrayEquals(new int[] {3, 0, 2}, candidates.ranking(6).ids());
  }

  @Test
  void candidates_offeredInAnyOrder_areTheSame() {
    var candidates = new Candidates(2);
    for (int id : new int[] {4, 1, 3, 0, 2}) {
      candidates.offer(id, id == 3 ? 1 : 0);
    }

    assertArrayEquals(new int[] {3, 0}, candidates.ranking(5).ids());
  }

  @Test
  void ranking_equalScores_firstAddedIsFirst() {
    Ranking ranking = ranking(6, new int[] {5, 2, 0}, 1, 1, 2);

    assertArrayEquals(new int[] {0, 2, 5}, ranking.ids());
    assertEquals(List.of(2f, 2f), List.of(ranking.matchLogit(0), ranking.score(0)));
  }

  @Test
  void placeOf_others_followTheCandidatesInOrder() {
    Ranking ranking = ranking(6, new int[] {5, 2, 0}, 3, 2, 1);

    int[] places = new int[6];
    for (int id = 0; id < places.length; id++) {
      places[id] = ranking.placeOf(id);
    }
    assertArrayEquals(new int[] {2, 3, 1, 4, 5, 0}, places);
  }

  @Test
  void placeOf_nobody_isRefused() {
    Ranking ranking = ranking(6, new int[] {5}, 1);

    var thrown = assertThrows(IndexOutOfBoundsException.class, () -> ranking.placeOf(6));

    assertEquals("retrieval: number expected within 6, got 6", thrown.getMessage());
  }

  /** Image 0 has texts 0 and 1, image 1 text 2; text 1 is placed best for image 0. */
  @Test
  void scores_severalTextsOfAnImage_countTheBest() {
    Ranking texts0 = ranking(3, new int[] {2, 1, 0}, 3, 2, 1); // its best text in place 1
    Ranking texts1 = ranking(3, new int[] {2, 1, 0}, 3, 2, 1); // in place 0
    Ranking images0 = ranking(2, new int[] {0, 1}, 2, 1); // place 0
    Ranking images1 = ranking(2, new int[] {0, 1}, 1, 2); // place 1
    Ranking images2 = ranking(2, new int[] {0, 1}, 2, 1); // place 1
    var rankings = new Rankings(List.of(texts0, texts1), List.of(images0, images1, images2));

    RetrievalScores scores = rankings.scores(List.of(0, 0, 1));

    assertEquals(new Recall(50, 100, 100), scores.text());
    assertEquals(new Recall(100 / 3.0, 100, 100), scores.image());
    assertEquals(250 / 3.0, scores.text().mean(), 1e-9);
    assertEquals((250 / 3.0 + 700 / 9.0) / 2, scores.mean(), 1e-9);
  }

  @Test
  void scores_imageWithoutText_isMissed() {
    Ranking none = ranking(1, new int[] {0}, 1);
    var rankings = new Rankings(List.of(none, none), List.of(ranking(2, new int[] {0, 1}, 2, 1)));

    assertEquals(new Recall(50, 50, 50), rankings.scores(List.of(0)).text());
  }

  @Test
  void scores_wrongTruth_isRefused() {
    var rankings = new Rankings(List.of(), List.of(ranking(0, new int[0])));

    var missing = assertThrows(IllegalArgumentException.class, () -> rankings.scores(List.of()));
    assertEquals("retrieval: images expected for 1 texts, got 0", missing.getMessage());
    var wrong = assertThrows(IllegalArgumentException.class, () -> rankings.scores(List.of(0)));
    assertEquals("retrieval: image of text 0 expected within 0, got 0", wrong.getMessage());
  }

  private static Ranking ranking(int among, int[] ids, float... logits) {
    return Ranking.of(ids, new float[ids.length], logits, among);
  }
}
