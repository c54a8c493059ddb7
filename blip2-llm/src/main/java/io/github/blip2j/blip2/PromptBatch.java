package io.github.blip2j.blip2;

import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.Side;
import java.util.Arrays;
import java.util.List;

/**
 * Text prompts of a batch in one rectangle, as they stand after the image.
 *
 * <pre>{@code
 * [query 1 ... query Q][pad ... pad][</s>][words]    OPT pads on the left
 * [query 1 ... query Q][words][</s>][pad ... pad]    T5 on the right
 * }</pre>
 *
 * <p>Masks keep padding out of attention and of positions, so a prompt continues as it would alone.
 */
public final class PromptBatch {
  private final List<int[]> rows;
  private final int padId;
  private final Side padding;
  private final int length;

  private PromptBatch(List<int[]> rows, int padId, Side padding) {
    this.rows = rows;
    this.padId = padId;
    this.padding = padding;
    this.length = rows.stream().mapToInt(row -> row.length).max().orElse(0);
  }

  /**
   * Prompts of any lengths.
   *
   * @param rows the ids of each, with the tokenizer's special tokens
   * @param padding the side on which the language model wants shorter rows padded
   */
  public static PromptBatch of(List<int[]> rows, int padId, Side padding) {
    return new PromptBatch(List.copyOf(rows), padId, padding);
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
      int start = queries + start(b);
      Arrays.fill(mask[b], start, start + rows.get(b).length, 1);
    }
    return mask;
  }

  /** The embeddings of image [B, Q, L] and words, [B, Q + T, L]. */
  Tensor after(Tensor imagePrompt, LanguageModel language) {
    long[] ids = new long[rows.size() * length];
    Arrays.fill(ids, padId);
    for (int b = 0; b < rows.size(); b++) {
      int[] row = rows.get(b);
      int start = b * length + start(b);
      for (int t = 0; t < row.length; t++) {
        ids[start + t] = row[t];
      }
    }
    Tensor words = language.embed(Tensor.of(ids, rows.size(), length)); // [B, T, L]
    return Tensor.concat(1, List.of(imagePrompt, words));
  }

  /** Where the row's first token stands. */
  private int start(int row) {
    return padding == Side.LEFT ? length - rows.get(row).length : 0;
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
