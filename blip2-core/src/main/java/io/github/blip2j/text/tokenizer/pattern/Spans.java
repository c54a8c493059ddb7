package io.github.blip2j.text.tokenizer.pattern;

import java.util.Arrays;
import java.util.BitSet;

/**
 * The matches of a pattern in a text and the gaps between them, in order; together they cover the
 * text.
 */
public final class Spans {
  private final BitSet matches = new BitSet();
  private int[] ends = new int[8];
  private int size;

  /** Adds the span from the last end to this one; a match may be empty. */
  void add(int end, boolean match) {
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, 2 * size);
    }
    matches.set(size, match);
    ends[size++] = end;
  }

  /** Adds the gap up to {@code start}, if there is one, and the match after it. */
  public void addMatch(int start, int end) {
    addGap(start);
    add(end, true);
  }

  /** Adds the gap up to {@code end}, if there is one. */
  public void addGap(int end) {
    if (end > lastEnd()) {
      add(end, false);
    }
  }

  public int size() {
    return size;
  }

  int start(int i) {
    return i == 0 ? 0 : ends[i - 1];
  }

  public int end(int i) {
    return ends[i];
  }

  public boolean isMatch(int i) {
    return matches.get(i);
  }

  public boolean isOneGap() {
    return size == 1 && !matches.get(0);
  }

  /** Swaps matches and gaps, in place. */
  public Spans inverted() {
    matches.flip(0, size);
    return this;
  }

  private int lastEnd() {
    return size == 0 ? 0 : ends[size - 1];
  }
}
