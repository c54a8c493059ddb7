package io.github.blip2j.generation.logits;

import java.util.Arrays;

/** The ids that end a sequence; few, so a search is a scan. */
public final class EndTokens {
  private final int[] ids;

  public EndTokens(int... ids) {
    this.ids = Arrays.stream(ids).distinct().toArray();
  }

  public int count() {
    return ids.length;
  }

  public boolean contains(int token) {
    for (int id : ids) {
      if (id == token) {
        return true;
      }
    }
    return false;
  }

  void ban(float[] scores) {
    for (int id : ids) {
      scores[id] = Float.NEGATIVE_INFINITY;
    }
  }

  public void requireWithin(int vocabSize) {
    for (int id : ids) {
      if (id < 0 || id >= vocabSize) {
        throw new IllegalArgumentException(
            "generate: end tokens expected within [0, " + vocabSize + "), got " + id);
      }
    }
  }
}
