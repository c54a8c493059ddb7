package io.github.blip2j.qformer.retrieval;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What was found for one image or text, the best first. Candidates come by their score, cosine plus
 * match logit, and of equals the first added; after them, all others in the order in which they
 * were added. Immutable.
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

  /** Sorts candidates, all of them different, {@code among} so many. */
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

  /** Candidates, those that were matched. */
  public int size() {
    return ids.length;
  }

  /** Which one stands in a place, counted from 0 as it was added. */
  public int id(int place) {
    return ids[place];
  }

  /** The cosine of the one in this place, without a temperature. */
  public float similarity(int place) {
    return similarities[place];
  }

  /** The match score of the one in this place. */
  public float matchLogit(int place) {
    return logits[place];
  }

  /** What the order goes by: {@link #similarity} plus {@link #matchLogit}. */
  public float score(int place) {
    return similarities[place] + logits[place];
  }

  /**
   * The place of any one, candidate or not, counted from 0.
   *
   * @throws IndexOutOfBoundsException if there is none of this number
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

  /** The numbers of the candidates, the best first. */
  public int[] ids() {
    return ids.clone();
  }

  @Override
  public String toString() {
    return Arrays.toString(ids) + " of " + among;
  }
}
