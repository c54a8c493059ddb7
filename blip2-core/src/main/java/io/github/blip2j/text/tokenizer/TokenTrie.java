package io.github.blip2j.text.tokenizer;

import io.github.blip2j.text.tokenizer.model.LongIntMap;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.util.ArrayList;
import java.util.List;

/** Finds added tokens in texts: the leftmost match, and the longest of those that begin there. */
final class TokenTrie {
  private static final int ROOT = 0;

  private final LongIntMap edges = new LongIntMap(64);
  private final List<Integer> ids = new ArrayList<>(List.of(-1)); // of the token that ends there

  /** Adds a token, unless it is empty or known. */
  void add(String token, int id) {
    int node = ROOT;
    for (int i = 0; i < token.length(); i++) {
      long edge = LongIntMap.pack(node, token.charAt(i));
      int next = edges.get(edge);
      if (next < 0) {
        next = ids.size();
        ids.add(-1);
        edges.put(edge, next);
      }
      node = next;
    }
    if (node != ROOT && ids.get(node) < 0) {
      ids.set(node, id);
    }
  }

  /** The start of the next token, or the text's length. */
  int next(String text, int from, Budget budget) {
    if (ids.size() == 1) {
      return text.length();
    }
    for (int at = from; at < text.length(); at++) {
      if (edges.get(LongIntMap.pack(ROOT, text.charAt(at))) >= 0) {
        long found = longest(text, at);
        budget.charge(1 + (found >>> 32));
        if ((int) found >= 0) {
          return at;
        }
      }
    }
    return text.length();
  }

  /** The end of the longest token that begins at {@code at}; there must be one. */
  int endAt(String text, int at) {
    int node = ROOT;
    int end = at;
    for (int i = at; i < text.length(); ) {
      node = edges.get(LongIntMap.pack(node, text.charAt(i++)));
      if (node < 0) {
        break;
      }
      end = ids.get(node) >= 0 ? i : end;
    }
    return end;
  }

  /** The id of the longest token that begins at {@code at}, or -1. */
  int idAt(String text, int at) {
    return (int) longest(text, at);
  }

  /**
   * The longest token at a position: the number of chars read in the upper half, the id or -1 in
   * the lower.
   */
  private long longest(String text, int at) {
    int node = ROOT;
    int id = -1;
    int i = at;
    while (i < text.length()) {
      node = edges.get(LongIntMap.pack(node, text.charAt(i++)));
      if (node < 0) {
        break;
      }
      id = ids.get(node) >= 0 ? ids.get(node) : id;
    }
    return ((long) (i - at) << 32) | (id & 0xFFFF_FFFFL);
  }
}
