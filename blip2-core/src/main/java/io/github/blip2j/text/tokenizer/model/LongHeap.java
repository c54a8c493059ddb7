package io.github.blip2j.text.tokenizer.model;

import java.util.Arrays;

/** A binary min-heap of longs. */
final class LongHeap {
  private long[] heap;
  private int size;

  LongHeap(int expected) {
    heap = new long[Math.max(16, expected)];
  }

  boolean isEmpty() {
    return size == 0;
  }

  void add(long value) {
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, 2 * size);
    }
    int at = size++;
    while (at > 0 && heap[(at - 1) / 2] > value) {
      heap[at] = heap[(at - 1) / 2];
      at = (at - 1) / 2;
    }
    heap[at] = value;
  }

  /** Removes the minimum; the heap must not be empty. */
  long removeLeast() {
    long least = heap[0];
    long moved = heap[--size];
    int at = 0;
    for (int child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= moved) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = moved;
    return least;
  }
}
