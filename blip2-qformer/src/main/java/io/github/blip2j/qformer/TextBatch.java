package io.github.blip2j.qformer;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import io.github.blip2j.text.TokenGrid;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * A batch of texts for the Q-Former: token ids on the left, padding on the right.
 *
 * <pre>{@code
 * B texts, T tokens of the longest
 * }</pre>
 */
public final class TextBatch {
  private final int[][] ids;
  private final int[][] mask;

  private TextBatch(int[][] ids, int[][] mask) {
    this.ids = ids;
    this.mask = mask;
  }

  /**
   * Texts of any lengths, padded to the longest.
   *
   * @throws IllegalArgumentException if there is no text, or one without tokens
   */
  public static TextBatch of(List<int[]> texts, int padId) {
    int longest = texts.stream().mapToInt(text -> text.length).max().orElse(0);
    return of(texts, padId, longest);
  }

  /**
   * Texts padded to a length that fits all of them.
   *
   * @throws IllegalArgumentException if there is no text, or one without tokens or with too many
   */
  public static TextBatch of(List<int[]> texts, int padId, int length) {
    if (texts.isEmpty()) {
      throw new IllegalArgumentException("texts: expected at least 1, got 0");
    }
    int[][] ids = new int[texts.size()][length];
    int[][] mask = new int[texts.size()][length];
    for (int b = 0; b < ids.length; b++) {
      int[] text = texts.get(b);
      if (text.length == 0 || text.length > length) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "texts: expected 1 to %d tokens, got %d in text %d",
                length,
                text.length,
                b));
      }
      Arrays.fill(ids[b], padId);
      System.arraycopy(text, 0, ids[b], 0, text.length);
      Arrays.fill(mask[b], 0, text.length, 1);
    }
    return new TextBatch(ids, mask);
  }

  /** The number of texts, B. */
  public int size() {
    return ids.length;
  }

  /** The padded length of each text, T. */
  public int length() {
    return ids[0].length;
  }

  /** The ids of one text, without padding. */
  public int[] text(int row) {
    return Arrays.copyOf(ids[row], Arrays.stream(mask[row]).sum());
  }

  /** The ids, [B, T], int64, in the open scope. */
  public Tensor ids() {
    return Tensor.ids(Arrays.stream(ids).flatMapToInt(Arrays::stream).toArray())
        .reshape(size(), length());
  }

  /** 1 for a token and 0 for padding, [B][T]. */
  public int[][] mask() {
    return Arrays.stream(mask).map(int[]::clone).toArray(int[][]::new);
  }

  /** The texts of these rows, in this order; rows may repeat. */
  public TextBatch rows(int... rows) {
    return new TextBatch(
        Arrays.stream(rows).mapToObj(row -> ids[row]).toArray(int[][]::new),
        Arrays.stream(rows).mapToObj(row -> mask[row]).toArray(int[][]::new));
  }

  /** These texts and then others of the same padded length. */
  public TextBatch followedBy(TextBatch other) {
    if (other.length() != length()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "texts: padded length %d expected, got %d", length(), other.length()));
    }
    return new TextBatch(joined(ids, other.ids), joined(mask, other.mask));
  }

  private static int[][] joined(int[][] a, int[][] b) {
    return Stream.concat(Arrays.stream(a), Arrays.stream(b)).toArray(int[][]::new);
  }

  /** The texts of all ranks, which have the same number of them and the same padded length. */
  public TextBatch allGather(Ranks ranks) {
    return ranks.areAlone() ? this : new TextBatch(allGather(ids, ranks), allGather(mask, ranks));
  }

  private static int[][] allGather(int[][] rows, Ranks ranks) {
    int length = rows[0].length;
    long[] all =
        ranks.gather(Arrays.stream(rows).flatMapToInt(Arrays::stream).asLongStream().toArray());
    int[][] gathered = new int[all.length / length][length];
    for (int i = 0; i < all.length; i++) {
      gathered[i / length][i % length] = (int) all[i];
    }
    return gathered;
  }

  /** These texts with {@code startId} as first token, the decoder's start token. */
  public TextBatch startingWith(int startId) {
    int[][] begun = Arrays.stream(ids).map(int[]::clone).toArray(int[][]::new);
    for (int[] text : begun) {
      text[0] = startId;
    }
    return new TextBatch(begun, mask);
  }

  /** The ids with {@link TokenLoss#IGNORED} for padding, [B, T], int64, in the open scope. */
  public Tensor labels() {
    long[] labels = new long[TokenGrid.size("labels", size(), length())];
    for (int b = 0; b < size(); b++) {
      for (int t = 0; t < length(); t++) {
        labels[b * length() + t] = mask[b][t] == 1 ? ids[b][t] : TokenLoss.IGNORED;
      }
    }
    return Tensor.of(labels, Shape.of(size(), length()).toArray());
  }
}
