package io.github.blip2j.generation;

import java.util.Arrays;

/** The ids that end a sequence; few, so a search is a scan. */
final class EndTokens {
  private final int[] ids;

  EndTokens(int... ids) {
    this.ids = Arrays.stream(ids).distinct().toArray();
  }

  int count() {
    return ids.length;
  }

  boolean contains(int token) {
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

  void requireWithin(int vocabSize) {
    for (int id : ids) {
      if (id < 0 || id >= vocabSize) {
        throw new IllegalArgumentException(
            "generate: end tokens expected within [0, " + vocabSize + "), got " + id);
      }
    }
  }
}
