package io.github.blip2j.text.tokenizer.model;

import java.util.Arrays;

/** A growing list of token ids. */
public final class IdList {
  private int[] ids = new int[16];
  private int size;

  public void add(int id) {
    if (size == ids.length) {
      ids = Arrays.copyOf(ids, 2 * size);
    }
    ids[size++] = id;
  }

  public void addAll(int[] more) {
    if (size + more.length > ids.length) {
      ids = Arrays.copyOf(ids, Math.max(2 * size, size + more.length));
    }
    System.arraycopy(more, 0, ids, size, more.length);
    size += more.length;
  }

  int size() {
    return size;
  }

  public int[] toArray() {
    return Arrays.copyOf(ids, size);
  }
}
