package io.github.blip2j.text.tokenizer.model;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The most probable segmentation of a word, by Viterbi's algorithm over the tokens'
 * log-probabilities (Kudo 2018).
 */
final class UnigramModel implements Model {
  private static final double UNKNOWN_PENALTY = 10;
  private static final int ROOT = 0;

  private final Vocabulary vocabulary;
  private final double[] scores;
  private final int unknown;
  private final double unknownScore;
  private final boolean fallsBackToBytes;
  private final int[] byteIds;
  // A trie over chars: (node, char) to node, and the token that ends at each node.
  private final LongIntMap edges;
  private final int[] tokenAt;

  /**
   * Creates a model.
   *
   * @param pieces in the order of their ids; for duplicates the later counts
   * @param unknown the id for characters that no piece covers, or -1
   */
  UnigramModel(List<String> pieces, double[] scores, int unknown, boolean fallsBackToBytes) {
    this.vocabulary = Vocabulary.of(pieces);
    this.scores = scores;
    this.unknown = unknown;
    this.unknownScore = Arrays.stream(scores).min().orElse(0) - UNKNOWN_PENALTY;
    this.fallsBackToBytes = fallsBackToBytes;
    this.byteIds = vocabulary.byteIds();
    this.edges = new LongIntMap(4 * pieces.size());
    int[] tokens = new int[1024];
    Arrays.fill(tokens, -1);
    int nodes = 1;
    for (int id = 0; id < pieces.size(); id++) {
      String piece = pieces.get(id);
      int node = ROOT;
      for (int i = 0; i < piece.length(); i++) {
        long edge = LongIntMap.pack(node, piece.charAt(i));
        int next = edges.get(edge);
        if (next < 0) {
          next = nodes++;
          edges.put(edge, next);
        }
        node = next;
      }
      if (nodes > tokens.length) {
        int length = tokens.length;
        tokens = Arrays.copyOf(tokens, Math.max(2 * length, nodes));
        Arrays.fill(tokens, length, tokens.length, -1);
      }
      tokens[node] = id;
    }
    tokens[ROOT] = -1;
    this.tokenAt = tokens;
  }

  @Override
  public void tokenize(String word, Budget budget, IdList out) {
    int length = word.length();
    double[] best = new double[length + 1]; // score of the best segmentation up to a position
    int[] startOf = new int[length + 1]; // start of its last token
    int[] idOf = new int[length + 1];
    Arrays.fill(startOf, -1);
    for (int start = 0; start < length; ) {
      int next = start + Character.charCount(word.codePointAt(start));
      boolean whole = extend(word, start, next, best, startOf, idOf, budget);
      if (!whole) {
        double score = unknownScore + best[start];
        if (startOf[next] < 0 || score > best[next]) {
          if (unknown < 0) {
            throw Model.unknown(type(), null);
          }
          best[next] = score;
          startOf[next] = start;
          idOf[next] = unknown;
        }
      }
      start = next;
    }
    write(word, startOf, idOf, out);
  }

  /**
   * Tries every token that begins at {@code start}; returns whether one is exactly the next
   * character.
   */
  private boolean extend(
      String word, int start, int next, double[] best, int[] startOf, int[] idOf, Budget budget) {
    boolean whole = false;
    int node = ROOT;
    for (int end = start; end < word.length(); ) {
      node = edges.get(LongIntMap.pack(node, word.charAt(end++)));
      if (node < 0) {
        budget.charge(end - start);
        return whole;
      }
      int id = tokenAt[node];
      if (id >= 0) {
        double score = scores[id] + best[start];
        if (startOf[end] < 0 || score > best[end]) {
          best[end] = score;
          startOf[end] = start;
          idOf[end] = id;
        }
        whole |= end == next;
      }
    }
    budget.charge(word.length() - start);
    return whole;
  }

  private void write(String word, int[] startOf, int[] idOf, IdList out) {
    int count = 0;
    int[] ends = new int[startOf.length];
    for (int end = word.length(); end > 0; end = startOf[end]) {
      ends[count++] = end;
    }
    for (int i = count - 1; i >= 0; i--) {
      int start = startOf[ends[i]];
      boolean isUnknown = idOf[ends[i]] == unknown;
      while (isUnknown && i > 0 && idOf[ends[i - 1]] == unknown) {
        i--; // adjacent unknown characters are one token
      }
      if (isUnknown) {
        addUnknown(word.substring(start, ends[i]), out);
      } else {
        out.add(idOf[ends[i]]);
      }
    }
  }

  private void addUnknown(String piece, IdList out) {
    int id = vocabulary.idOrNone(piece);
    if (id < 0 && fallsBackToBytes) {
      byte[] utf8 = piece.getBytes(StandardCharsets.UTF_8);
      int[] ids = new int[utf8.length];
      boolean all = true;
      for (int i = 0; i < ids.length; i++) {
        ids[i] = byteIds[utf8[i] & 0xFF];
        all &= ids[i] >= 0;
      }
      if (all) {
        out.addAll(ids);
        return;
      }
    }
    out.add(id < 0 ? unknown : id);
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public String type() {
    return "Unigram";
  }
}
