package io.github.blip2j.generation.logits;

/**
 * The best few of a stream of candidates, by key; of equal keys the lower place is better.
 *
 * <p>A binary heap with the worst candidate kept at its root: a stream of {@code n} costs {@code n}
 * comparisons and rarely more, where sorting a vocabulary would cost {@code n log n} and an array.
 */
public final class TopCandidates {
  private final double[] keys;
  private final long[] places;
  private final float[] values;
  private int size;

  public TopCandidates(int capacity) {
    keys = new double[capacity];
    places = new long[capacity];
    values = new float[capacity];
  }

  public void clear() {
    size = 0;
  }

  public int size() {
    return size;
  }

  /** Considers a candidate; its key must not be NaN. */
  public void offer(double key, long place, float value) {
    if (size < keys.length) {
      set(size, key, place, value);
      siftUp(size++);
    } else if (size > 0 && (key > keys[0] || (key == keys[0] && place < places[0]))) {
      set(0, key, place, value);
      siftDown(0, size);
    }
  }

  /** The key that a candidate must exceed to be kept, before {@link #sort}. */
  public double bar() {
    if (size < keys.length) {
      return Double.NEGATIVE_INFINITY;
    }
    return size == 0 ? Double.POSITIVE_INFINITY : keys[0]; // of none, nothing is kept
  }

  /** Orders the candidates best first; nothing may be offered then until {@link #clear}. */
  public void sort() {
    for (int last = size - 1; last > 0; last--) {
      swap(0, last);
      siftDown(0, last);
    }
  }

  /** Orders the candidates by value instead; after {@link #sort}. */
  public void sortByValue() {
    for (int i = 0; i < size; i++) {
      keys[i] = values[i];
    }
    for (int parent = size / 2 - 1; parent >= 0; parent--) {
      siftDown(parent, size);
    }
    sort();
  }

  /** The key of the candidate of this rank; after {@link #sort}. */
  public double key(int rank) {
    return keys[rank];
  }

  /** Where the candidate of this rank came from; after {@link #sort}. */
  public long place(int rank) {
    return places[rank];
  }

  /** What was offered with the candidate of this rank; after {@link #sort}. */
  public float value(int rank) {
    return values[rank];
  }

  private void siftUp(int from) {
    int child = from;
    while (child > 0) {
      int parent = (child - 1) / 2;
      if (!worse(child, parent)) {
        return;
      }
      swap(child, parent);
      child = parent;
    }
  }

  private void siftDown(int from, int end) {
    int parent = from;
    while (2 * parent + 1 < end) {
      int child = 2 * parent + 1;
      if (child + 1 < end && worse(child + 1, child)) {
        child++;
      }
      if (!worse(child, parent)) {
        return;
      }
      swap(child, parent);
      parent = child;
    }
  }

  private boolean worse(int a, int b) {
    return keys[a] < keys[b] || (keys[a] == keys[b] && places[a] > places[b]);
  }

  private void set(int i, double key, long place, float value) {
    keys[i] = key;
    places[i] = place;
    values[i] = value;
  }

  private void swap(int a, int b) {
    double key = keys[a];
    long place = places[a];
    float value = values[a];
    set(a, keys[b], places[b], values[b]);
    set(b, key, place, value);
  }
}
