package io.github.blip2j.text.tokenizer.model;

import java.util.Arrays;

/**
 * The merges of a byte-pair encoding. In a short word the next pair is found by a scan, in a long
 * one with a heap, so that time does not grow quadratically.
 */
final class Merges {
  private static final int SHORT = 32;

  private final LongIntMap ranks; // pair of ids to rank
  private final int[] merged; // rank to the id of the merged pair

  private Merges(LongIntMap ranks, int[] merged) {
    this.ranks = ranks;
    this.merged = merged;
  }

  /** Adds pairs in the order of their ranks. */
  static final class Builder {
    private final LongIntMap ranks;
    private int[] merged;
    private int size;

    Builder(int expected) {
      ranks = new LongIntMap(expected);
      merged = new int[Math.max(16, expected)];
    }

    /** Adds a pair; for a duplicate the later rank counts, as in the library. */
    void add(int left, int right, int result) {
      if (size == merged.length) {
        merged = Arrays.copyOf(merged, 2 * size);
      }
      ranks.put(LongIntMap.pack(left, right), size);
      merged[size++] = result;
    }

    Merges build() {
      return new Merges(ranks, Arrays.copyOf(merged, size));
    }
  }

  /** The ids after all merges; may be the same array. */
  int[] merge(int[] ids) {
    return ids.length <= SHORT ? mergeShort(ids) : mergeLong(ids);
  }

  private int rank(int left, int right) {
    return ranks.get(LongIntMap.pack(left, right));
  }

  private int[] mergeShort(int[] ids) {
    int size = ids.length;
    int[] rankAt = new int[size];
    for (int i = 0; i + 1 < size; i++) {
      rankAt[i] = rank(ids[i], ids[i + 1]);
    }
    while (size > 1) {
      int best = -1;
      for (int i = 0; i + 1 < size; i++) {
        if (rankAt[i] >= 0 && (best < 0 || rankAt[i] < rankAt[best])) {
          best = i;
        }
      }
      if (best < 0) {
        break;
      }
      ids[best] = merged[rankAt[best]];
      size--;
      System.arraycopy(ids, best + 2, ids, best + 1, size - best - 1);
      System.arraycopy(rankAt, best + 2, rankAt, best + 1, size - best - 1);
      rankAt[best] = best + 1 < size ? rank(ids[best], ids[best + 1]) : -1;
      if (best > 0) {
        rankAt[best - 1] = rank(ids[best - 1], ids[best]);
      }
    }
    return size == ids.length ? ids : Arrays.copyOf(ids, size);
  }

  /** Merges in a linked list; stale heap entries are skipped. */
  private int[] mergeLong(int[] ids) {
    int size = ids.length;
    int[] previous = new int[size];
    int[] next = new int[size];
    boolean[] gone = new boolean[size];
    var heap = new LongHeap(size); // rank in the upper half, position in the lower
    for (int i = 0; i < size; i++) {
      previous[i] = i - 1;
      next[i] = i + 1 < size ? i + 1 : -1;
      offer(heap, ids, i, next[i]);
    }
    while (!heap.isEmpty()) {
      long top = heap.removeLeast();
      int at = (int) top;
      int right = gone[at] ? -1 : next[at];
      if (right < 0) {
        continue;
      }
      int rank = rank(ids[at], ids[right]);
      if (rank < 0 || merged[rank] != merged[(int) (top >>> 32)]) {
        continue;
      }
      ids[at] = merged[rank];
      gone[right] = true;
      next[at] = next[right];
      if (next[at] >= 0) {
        previous[next[at]] = at;
        offer(heap, ids, at, next[at]);
      }
      if (previous[at] >= 0) {
        offer(heap, ids, previous[at], at);
      }
    }
    int kept = 0;
    for (int at = 0; at >= 0; at = next[at]) {
      ids[kept++] = ids[at];
    }
    return Arrays.copyOf(ids, kept);
  }

  private void offer(LongHeap heap, int[] ids, int left, int right) {
    int rank = right < 0 ? -1 : rank(ids[left], ids[right]);
    if (rank >= 0) {
      heap.add((long) rank << 32 | left);
    }
  }
}
