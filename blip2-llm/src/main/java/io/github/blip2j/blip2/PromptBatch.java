package io.github.blip2j.blip2;

import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Text prompts of a batch in one rectangle, padding on the left, as they stand after the image.
 *
 * <pre>{@code
 * [query 1 ... query Q][pad ... pad][</s>][words]
 * }</pre>
 *
 * <p>Masks keep padding out of attention and of positions, so a prompt continues as it would alone.
 */
public final class PromptBatch {
  private final List<int[]> rows;
  private final int padId;
  private final int length;

  private PromptBatch(List<int[]> rows, int padId) {
    this.rows = rows;
    this.padId = padId;
    this.length = rows.stream().mapToInt(row -> row.length).max().orElse(0);
  }

  /**
   * Prompts of any lengths.
   *
   * @param rows the ids of each, with the tokenizer's special tokens
   */
  public static PromptBatch of(List<int[]> rows, int padId) {
    return new PromptBatch(List.copyOf(rows), padId);
  }

  /** Number of prompts. */
  public int size() {
    return rows.size();
  }

  /** Tokens of the longest prompt. */
  public int length() {
    return length;
  }

  /** 1 for the image's queries and the words, 0 for padding, [B][Q + T]. */
  int[][] mask(int queries) {
    int[][] mask = new int[rows.size()][queries + length];
    for (int b = 0; b < mask.length; b++) {
      Arrays.fill(mask[b], 0, queries, 1);
      Arrays.fill(mask[b], queries + length - rows.get(b).length, queries + length, 1);
    }
    return mask;
  }

  /** The embeddings of image [B, Q, L] and words, [B, Q + T, L]. */
  Tensor after(Tensor imagePrompt, LanguageModel language) {
    long[] ids = new long[rows.size() * length];
    Arrays.fill(ids, padId);
    for (int b = 0; b < rows.size(); b++) {
      int[] row = rows.get(b);
      int start = (b + 1) * length - row.length;
      for (int t = 0; t < row.length; t++) {
        ids[start + t] = row[t];
      }
    }
    Tensor words = language.embed(Tensor.of(ids, rows.size(), length)); // [B, T, L]
    return Tensor.concat(1, List.of(imagePrompt, words));
  }

  List<int[]> histories(int imageToken, int queries) {
    return rows.stream()
        .map(
            row -> {
              int[] history = new int[queries + row.length];
              Arrays.fill(history, 0, queries, imageToken);
              System.arraycopy(row, 0, history, queries, row.length);
              return history;
            })
        .toList();
  }

  List<int[]> emptyHistories() {
    return rows.stream().map(row -> new int[0]).toList();
  }
}
