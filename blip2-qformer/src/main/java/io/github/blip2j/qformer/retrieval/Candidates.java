package io.github.blip2j.qformer.retrieval;

/**
 * The most similar items of a sequence: a heap whose root is the worst one kept. Of equal
 * similarities the earlier item is better.
 */
final class Candidates {
  private final int[] ids;
  private final float[] similarities;
  private final float[] logits;
  private int size;

  Candidates(int most) {
    ids = new int[most];
    similarities = new float[most];
    logits = new float[most];
  }

  /** Adds an item if it is among the best so far. */
  void offer(int id, float similarity) {
    if (size < ids.length) {
      ids[size] = id;
      similarities[size] = similarity;
      up(size++);
    } else if (size > 0 && worse(ids[0], similarities[0], id, similarity)) {
      ids[0] = id;
      similarities[0] = similarity;
      down();
    }
  }

  int size() {
    return size;
  }

  /** The item at a position of the heap; positions are unordered. */
  int id(int place) {
    return ids[place];
  }

  void logit(int place, float logit) {
    logits[place] = logit;
  }

  Ranking ranking(int among) {
    return Ranking.of(ids, similarities, logits, among);
  }

  private void up(int from) {
    int at = from;
    while (at > 0 && worse(at, (at - 1) / 2)) {
      swap(at, (at - 1) / 2);
      at = (at - 1) / 2;
    }
  }

  private void down() {
    int at = 0;
    while (true) {
      int worst = at;
      for (int child = 2 * at + 1; child <= 2 * at + 2 && child < size; child++) {
        worst = worse(child, worst) ? child : worst;
      }
      if (worst == at) {
        return;
      }
      swap(at, worst);
      at = worst;
    }
  }

  private boolean worse(int a, int b) {
    return worse(ids[a], similarities[a], ids[b], similarities[b]);
  }

  private static boolean worse(int id, float similarity, int otherId, float otherSimilarity) {
    return similarity < otherSimilarity || (similarity == otherSimilarity && id > otherId);
  }

  private void swap(int a, int b) {
    int id = ids[a];
    ids[a] = ids[b];
    ids[b] = id;
    float similarity = similarities[a];
    similarities[a] = similarities[b];
    similarities[b] = similarity;
  }
}
