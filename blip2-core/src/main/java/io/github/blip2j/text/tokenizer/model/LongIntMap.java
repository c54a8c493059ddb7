package io.github.blip2j.text.tokenizer.model;

import java.util.Arrays;

/**
 * A map from long to int by open addressing, for pairs of ids to ranks and for edges of tries.
 * Boxed entries would be slow and large, because there are hundreds of thousands.
 */
public final class LongIntMap {
  private static final long EMPTY = -1; // no pair of non-negative ints has this value

  private long[] keys;
  private int[] values;
  private int size;

  public LongIntMap(int expected) {
    int capacity = 16;
    while (capacity < 2L * expected && capacity < 1 << 28) {
      capacity *= 2;
    }
    keys = new long[capacity];
    Arrays.fill(keys, EMPTY);
    values = new int[capacity];
  }

  public static long pack(int high, int low) {
    return (long) high << 32 | low;
  }

  /** The value, or -1. */
  public int get(long key) {
    int slot = slot(keys, key);
    return keys[slot] == EMPTY ? -1 : values[slot];
  }

  public void put(long key, int value) {
    int slot = slot(keys, key);
    if (keys[slot] == EMPTY) {
      if (2 * ++size > keys.length) {
        grow();
        slot = slot(keys, key);
      }
      keys[slot] = key;
    }
    values[slot] = value;
  }

  private void grow() {
    long[] oldKeys = keys;
    int[] oldValues = values;
    keys = new long[2 * oldKeys.length];
    values = new int[keys.length];
    Arrays.fill(keys, EMPTY);
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != EMPTY) {
        int slot = slot(keys, oldKeys[i]);
        keys[slot] = oldKeys[i];
        values[slot] = oldValues[i];
      }
    }
  }

  private static int slot(long[] keys, long key) {
    // Multiplied by the golden ratio, and the high bits decide, so that a file cannot easily choose
    // keys that all collide.
    long mixed = key * 0x9E3779B97F4A7C15L;
    int mask = keys.length - 1;
    int slot = (int) (mixed >>> 32 ^ mixed >>> 47) & mask;
    while (keys[slot] != EMPTY && keys[slot] != key) {
      slot = slot + 1 & mask;
    }
    return slot;
  }
}
