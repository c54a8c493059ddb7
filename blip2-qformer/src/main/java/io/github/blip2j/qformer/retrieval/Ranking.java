package io.github.blip2j.qformer.retrieval;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * The search result for one image or text, best first. Candidates are ordered by score, cosine plus
 * match logit, ties in the order of addition; all other items follow in the order of addition.
 * Immutable.
 */
public final class Ranking {
  private final int[] ids;
  private final float[] similarities;
  private final float[] logits;
  private final int among;

  private Ranking(int[] ids, float[] similarities, float[] logits, int among) {
    this.ids = ids;
    this.similarities = similarities;
    this.logits = logits;
    this.among = among;
  }

  /** Sorts distinct candidates, out of {@code among} items. */
  static Ranking of(int[] ids, float[] similarities, float[] logits, int among) {
    int[] order =
        IntStream.range(0, ids.length)
            .boxed()
            .sorted(
                Comparator.comparingDouble((Integer i) -> -(similarities[i] + logits[i]))
                    .thenComparingInt(i -> ids[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    int[] sortedIds = new int[order.length];
    float[] sortedSimilarities = new float[order.length];
    float[] sortedLogits = new float[order.length];
    for (int i = 0; i < order.length; i++) {
      sortedIds[i] = ids[order[i]];
      sortedSimilarities[i] = similarities[order[i]];
      sortedLogits[i] = logits[order[i]];
    }
    return new Ranking(sortedIds, sortedSimilarities, sortedLogits, among);
  }

  /** The number of candidates. */
  public int size() {
    return ids.length;
  }

  /** The item in a place; items are numbered from 0 as they were added. */
  public int id(int place) {
    return ids[place];
  }

  /** The cosine similarity of the item in a place, without temperature. */
  public float similarity(int place) {
    return similarities[place];
  }

  /** The match logit of the item in a place; 0 in a ranking by similarity alone. */
  public float matchLogit(int place) {
    return logits[place];
  }

  /** The score that decides the order: {@link #similarity} plus {@link #matchLogit}. */
  public float score(int place) {
    return similarities[place] + logits[place];
  }

  /**
   * The place of an item, candidate or not, counted from 0.
   *
   * @throws IndexOutOfBoundsException if there is no item with this number
   */
  public int placeOf(int id) {
    if (id < 0 || id >= among) {
      throw new IndexOutOfBoundsException(
          String.format(Locale.ROOT, "retrieval: number expected within %d, got %d", among, id));
    }
    int before = 0;
    for (int place = 0; place < ids.length; place++) {
      if (ids[place] == id) {
        return place;
      }
      before += ids[place] < id ? 1 : 0;
    }
    return ids.length + id - before;
  }

  /** The numbers of the candidates, best first. */
  public int[] ids() {
    return ids.clone();
  }

  @Override
  public String toString() {
    return Arrays.toString(ids) + " of " + among;
  }
}
