package io.github.blip2j.text.tokenizer.model;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A model's tokens and their ids, in both directions. */
public final class Vocabulary {
  private final Map<String, Integer> ids;
  private final Map<Integer, String> tokens;
  private final int size;

  /** Keeps {@code ids} without a copy. */
  Vocabulary(Map<String, Integer> ids) {
    this(ids, ids.size());
  }

  private Vocabulary(Map<String, Integer> ids, int size) {
    this.ids = ids;
    this.size = size;
    this.tokens = new HashMap<>(2 * ids.size());
    ids.forEach((token, id) -> tokens.put(id, token));
  }

  /** Unigram's pieces, whose index is their id; for duplicates the later gets the token. */
  static Vocabulary of(List<String> pieces) {
    Map<String, Integer> ids = new HashMap<>(2 * pieces.size());
    for (int id = 0; id < pieces.size(); id++) {
      ids.put(pieces.get(id), id);
    }
    var vocabulary = new Vocabulary(ids, pieces.size());
    for (int id = 0; id < pieces.size(); id++) {
      vocabulary.tokens.put(id, pieces.get(id));
    }
    return vocabulary;
  }

  /** The number of entries, duplicates included; added tokens get ids from here on. */
  public int size() {
    return size;
  }

  public Set<String> tokens() {
    return ids.keySet();
  }

  @Nullable
  public Integer idOf(String token) {
    return ids.get(token);
  }

  /** The id, or -1. */
  public int idOrNone(String token) {
    @Nullable Integer id = ids.get(token);
    return id == null ? -1 : id;
  }

  @Nullable
  public String tokenOf(int id) {
    return tokens.get(id);
  }

  /** The length of the longest token. */
  int longest() {
    return ids.keySet().stream().mapToInt(String::length).max().orElse(0);
  }

  /** The ids of {@code <0x00>} to {@code <0xFF>}; -1 for missing ones. */
  int[] byteIds() {
    int[] byteIds = new int[256];
    for (int b = 0; b < 256; b++) {
      byteIds[b] = idOrNone(String.format(Locale.ROOT, "<0x%02X>", b));
    }
    return byteIds;
  }
}
