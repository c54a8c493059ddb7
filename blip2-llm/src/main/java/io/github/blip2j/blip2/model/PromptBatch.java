package io.github.blip2j.blip2.model;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.llm.LanguageModel;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.TokenGrid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The prompts of a batch, padded to one length.
 *
 * <pre>{@code
 * [query 1 ... query Q][pad ... pad][</s>][tokens]    OPT pads on the left, after a first image
 * [query 1 ... query Q][tokens][</s>][pad ... pad]    T5 on the right
 * [query 1 ... query Q][</s>][tokens][query 1 ... query Q][tokens]    several images
 * }</pre>
 *
 * <p>Padding is masked in attention and does not count in positions, so a prompt continues as it
 * would alone.
 */
public final class PromptBatch {
  private static final int IMAGE = PromptLayout.IMAGE;
  private static final int PAD = -2;

  private final List<PromptLayout> rows;
  private final int padId;
  private final Side padding;
  private final int leastTokens; // of each row, with padding

  private PromptBatch(List<PromptLayout> rows, int padId, Side padding, int leastTokens) {
    this.rows = List.copyOf(rows);
    this.padId = padId;
    this.padding = padding;
    this.leastTokens = leastTokens;
  }

  /**
   * Prompts of any lengths, each after one image.
   *
   * @param rows the ids of each, with the tokenizer's special tokens
   * @param padding the side on which the language model pads shorter rows
   * @throws IllegalArgumentException if an id is negative
   */
  public static PromptBatch of(List<int[]> rows, int padId, Side padding) {
    for (int[] row : rows) {
      for (int id : row) {
        if (id < 0) { // negative ids mark padding and images
          throw new IllegalArgumentException("prompt: ids expected 0 or more, got " + id);
        }
      }
    }
    return afterImages(rows, padId, padding);
  }

  private static PromptBatch afterImages(List<int[]> rows, int padId, Side padding) {
    return ofLayouts(rows.stream().map(PromptLayout::afterImage).toList(), padId, padding);
  }

  /** Prompts with images anywhere. */
  public static PromptBatch ofLayouts(List<PromptLayout> rows, int padId, Side padding) {
    return new PromptBatch(rows, padId, padding, 0);
  }

  /** The decoder's tokens of these labels, with padding where there is no label. */
  public static PromptBatch ofAnswers(List<int[]> labels, int padId) {
    if (labels.stream().allMatch(row -> row.length == 0)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "loss: labels expected for at least 1 token, got none of %d texts",
              labels.size()));
    }
    List<int[]> rows =
        labels.stream()
            .map(
                row ->
                    Arrays.stream(row)
                        .map(label -> label == TokenLoss.IGNORED ? padId : label)
                        .toArray())
            .toList();
    return afterImages(rows, padId, Side.RIGHT); // labels are checked where they are used
  }

  /** These prompts, each after one image, padded to the longest of all ranks. */
  PromptBatch among(Ranks ranks) {
    return ranks.areAlone()
        ? this
        : new PromptBatch(rows, padId, padding, ranks.largest(positions(0)));
  }

  /** Number of prompts. */
  public int size() {
    return rows.size();
  }

  /** Number of images in all prompts. */
  public int images() {
    return rows.stream().mapToInt(PromptLayout::images).sum();
  }

  /** Positions of the longest prompt with {@code queries} queries for each image. */
  public int positions(int queries) {
    int longest = rows.stream().mapToInt(row -> row.length(queries)).max().orElse(0);
    return leastTokens == 0 ? longest : Math.max(longest, queries + leastTokens);
  }

  /** The longest prompt. */
  public PromptLayout longest(int queries) {
    int positions = positions(queries);
    return rows.stream().filter(row -> row.length(queries) == positions).findFirst().orElseThrow();
  }

  public List<PromptLayout> rows() {
    return rows;
  }

  /** 1 for the images' queries and tokens, 0 for padding, [B][P]. */
  public int[][] mask(int queries) {
    return Arrays.stream(padded(queries))
        .map(row -> Arrays.stream(row).map(id -> id == PAD ? 0 : 1).toArray())
        .toArray(int[][]::new);
  }

  /**
   * The embeddings of images and tokens.
   *
   * @param imagePrompts of all images in order, [images, Q, L]
   * @return [B, P, L]
   */
  Tensor embeddings(Tensor imagePrompts, LanguageModel language) {
    imagePrompts.shape().require("prompt", "images", images(), Shape.ANY, language.dim());
    int Q = Math.toIntExact(imagePrompts.dim(1));
    int[][] padded = padded(Q);
    long[] ids =
        Arrays.stream(padded)
            .flatMapToInt(Arrays::stream)
            .filter(id -> id != IMAGE)
            .mapToLong(id -> id == PAD ? padId : id)
            .toArray();
    if (rows.stream().allMatch(PromptLayout::isAfterImage)) {
      Tensor tokens = language.embed(Tensor.of(ids, rows.size(), positions(Q) - Q)); // [B, T, L]
      return Tensor.concat(1, List.of(imagePrompts, tokens));
    }
    if (ids.length == 0) {
      return joined(padded, imagePrompts, imagePrompts);
    }
    return joined(padded, imagePrompts, language.embed(Tensor.of(ids, 1, ids.length)));
  }

  /**
   * The decoder's input for these tokens as targets, without the image: shifted right by one, with
   * {@code startId} first; [B, T].
   */
  Tensor shifted(int startId) {
    int[][] padded = padded(0);
    int T = positions(0);
    long[] before = new long[TokenGrid.size("prompt", padded.length, T)];
    for (int b = 0; b < padded.length; b++) {
      before[b * T] = startId;
      for (int t = 1; t < T; t++) {
        int id = padded[b][t - 1];
        before[b * T + t] = id == PAD ? padId : id;
      }
    }
    return Tensor.of(before, padded.length, T);
  }

  /**
   * The label of each position of images and tokens, [B, P]; none at images and padding.
   *
   * @param labels of each token of each prompt, {@link TokenLoss#IGNORED} for none
   * @param vocabSize the exclusive upper bound of labels
   */
  Tensor labels(List<int[]> labels, int queries, int vocabSize) {
    requireRows(labels);
    int[][] padded = padded(queries);
    int P = positions(queries);
    long[] all = new long[TokenGrid.size("labels", padded.length, P)];
    Arrays.fill(all, TokenLoss.IGNORED);
    for (int b = 0; b < padded.length; b++) {
      int[] row = labels.get(b);
      requireLabels(b, row, vocabSize);
      int token = 0;
      for (int p = 0; p < P; p++) {
        if (padded[b][p] != IMAGE && padded[b][p] != PAD) {
          all[b * P + p] = row[token++];
        }
      }
    }
    return Tensor.of(all, padded.length, P);
  }

  /** Checks that there are labels for every prompt. */
  void requireRows(List<int[]> labels) {
    if (labels.size() != rows.size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "loss: labels expected for %d texts, got %d",
              rows.size(),
              labels.size()));
    }
  }

  private void requireLabels(int number, int[] labels, int vocabSize) {
    for (int label : labels) {
      if (label != TokenLoss.IGNORED && (label < 0 || label >= vocabSize)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "loss: labels of text %d expected 0 to %d, or %d to ignore, got %d",
                number,
                vocabSize - 1,
                TokenLoss.IGNORED,
                label));
      }
    }
    int tokens = rows.get(number).tokens().length;
    if (labels.length != tokens) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "loss: labels of text %d expected as long as its %d tokens, got %d",
              number,
              tokens,
              labels.length));
    }
  }

  /** Rows joined from images [N, Q, L] and all tokens [1, W, L], both in order. */
  private static Tensor joined(int[][] padded, Tensor images, Tensor tokens) {
    int Q = Math.toIntExact(images.dim(1));
    int image = 0;
    int token = 0;
    List<Tensor> joined = new ArrayList<>();
    for (int[] row : padded) {
      List<Tensor> parts = new ArrayList<>();
      for (int at = 0; at < row.length; ) {
        if (row[at] == IMAGE) {
          parts.add(images.narrow(0, image++, 1));
          at += Q;
        } else {
          int count = tokensFrom(row, at);
          parts.add(tokens.narrow(1, token, count));
          token += count;
          at += count;
        }
      }
      joined.add(Tensor.concat(1, parts)); // [1, P, L]
    }
    return Tensor.concat(0, joined);
  }

  private static int tokensFrom(int[] row, int at) {
    int end = at;
    while (end < row.length && row[end] != IMAGE) {
      end++;
    }
    return end - at;
  }

  /** Rows padded to one length with {@link #PAD}. */
  private int[][] padded(int queries) {
    int positions = positions(queries);
    return rows.stream().map(row -> padded(row, queries, positions)).toArray(int[][]::new);
  }

  private int[] padded(PromptLayout layout, int queries, int positions) {
    int[] row = layout.spread(queries, IMAGE);
    int missing = positions - row.length;
    boolean imageFirst = row.length > 0 && row[0] == IMAGE;
    // Padding goes between the first image and the text, as in the references.
    int before = padding == Side.RIGHT ? row.length : imageFirst ? queries : 0;
    int[] padded = new int[positions];
    Arrays.fill(padded, PAD);
    System.arraycopy(row, 0, padded, 0, before);
    System.arraycopy(row, before, padded, before + missing, row.length - before);
    return padded;
  }

  public List<int[]> histories(int imageToken, int queries) {
    return rows.stream().map(row -> row.spread(queries, imageToken)).toList();
  }

  public List<int[]> emptyHistories() {
    return rows.stream().map(row -> new int[0]).toList();
  }
}
