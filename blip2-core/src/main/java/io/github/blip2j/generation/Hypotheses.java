package io.github.blip2j.generation;

import java.util.ArrayList;
import java.util.List;

/** The best finished sequences of one prompt, best first; of equal ones the earlier is better. */
final class Hypotheses {
  private final int capacity;
  private final List<Hypothesis> best = new ArrayList<>();

  Hypotheses(int capacity) {
    this.capacity = capacity;
  }

  void add(Hypothesis added) {
    int rank = best.size();
    while (rank > 0 && best.get(rank - 1).score() < added.score()) {
      rank--;
    }
    best.add(rank, added);
    if (best.size() > capacity) {
      best.remove(capacity);
    }
  }

  boolean isFull() {
    return best.size() == capacity;
  }

  float worstScore() {
    return best.get(best.size() - 1).score();
  }

  List<Hypothesis> first(int count) {
    return List.copyOf(best.subList(0, Math.min(count, best.size())));
  }
}
