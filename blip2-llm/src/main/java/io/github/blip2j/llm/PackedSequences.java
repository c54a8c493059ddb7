package io.github.blip2j.llm;

import io.github.blip2j.nn.Mask;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.TokenGrid;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Texts packed into one row after one prompt (packed sequences): each attends to the prompt and
 * itself only, and its positions begin where the prompt ends.
 *
 * <pre>{@code
 * prompt          a a a  b b  c c c c     one row of T = 9, its prompt in a cache of P
 * positions       p p+1 p+2  p p+1  p p+1 p+2 p+3
 * }</pre>
 *
 * <p>The last token of a text is no input, for its continuation is not scored.
 */
public final class PackedSequences {
  /** One place of a row: the token at {@code t} of a text that begins at {@code start}. */
  private static final class Place {
    final int[] text;
    final int t;
    final int start;
    final float[] found;

    Place(int[] text, int t, int start, float[] found) {
      this.text = text;
      this.t = t;
      this.start = start;
      this.found = found;
    }
  }

  private final int[][] promptMask; // [B][P]
  private final List<List<Place>> rows = new ArrayList<>();

  public PackedSequences(int[][] promptMask) {
    this.promptMask = promptMask;
    for (int b = 0; b < promptMask.length; b++) {
      rows.add(new ArrayList<>());
    }
  }

  /**
   * Adds a text to row {@code b}.
   *
   * @param found receives the log-probabilities of its tokens, all but the first
   */
  public void add(int b, int[] text, float[] found) {
    List<Place> row = rows.get(b);
    int start = row.size();
    for (int t = 0; t < text.length - 1; t++) {
      row.add(new Place(text, t, start, found));
    }
  }

  public int length(int b) {
    return rows.get(b).size();
  }

  /** Places of the longest row, T. */
  public int length() {
    return rows.stream().mapToInt(List::size).max().orElse(0);
  }

  /** The tokens, [B, T]; undefined where a row is shorter. */
  public Tensor ids() {
    return longs((b, place) -> place.text[place.t]);
  }

  /** The position of each, from 0 for the first token of its prompt, [B][T]; 0 where a row ends. */
  public long[][] positions() {
    int T = length();
    long[][] positions = new long[rows.size()][T];
    for (int b = 0; b < positions.length; b++) {
      long prompt = Arrays.stream(promptMask[b]).sum();
      for (int t = 0; t < rows.get(b).size(); t++) {
        positions[b][t] = prompt + rows.get(b).get(t).t;
      }
    }
    return positions;
  }

  /** The attention mask of each place over prompt and places, [B, 1, T, P + T]. */
  public Mask visible() {
    return visible(Integer.MAX_VALUE);
  }

  /**
   * The attention mask of each place over prompt and places, without those that are {@code window}
   * or more positions before it, [B, 1, T, P + T].
   */
  public Mask visible(int window) {
    int P = promptMask[0].length;
    int T = length();
    int[][] after = new int[rows.size()][P]; // tokens of the prompt from each position on
    for (int b = 0; b < after.length; b++) {
      for (int s = P - 1; s >= 0; s--) {
        after[b][s] = promptMask[b][s] + (s == P - 1 ? 0 : after[b][s + 1]);
      }
    }
    return Mask.where(
        rows.size(),
        T,
        P + T,
        (b, t, s) -> {
          List<Place> row = rows.get(b);
          if (s < P) {
            int before = t < row.size() ? row.get(t).t : 0;
            return promptMask[b][s] == 1 && after[b][s] + before < window;
          }
          boolean own = t < row.size() && s - P <= t && s - P >= row.get(t).start;
          return own && t - (s - P) < window;
        });
  }

  /** All places that are filled, each as {@code b T + t}. */
  public int[] places() {
    int T = length();
    return IntStream.range(0, rows.size())
        .flatMap(b -> IntStream.range(b * T, b * T + length(b)))
        .toArray();
  }

  /** The token that follows each of {@link #places}. */
  public long[] next() {
    return rows.stream()
        .flatMap(List::stream)
        .mapToLong(place -> place.text[place.t + 1])
        .toArray();
  }

  /** Distributes the log-probabilities of {@link #next}. */
  public void found(float[] logProbabilities) {
    int i = 0;
    for (List<Place> row : rows) {
      for (Place place : row) {
        place.found[place.t + 1] = logProbabilities[i++];
      }
    }
  }

  private interface Value {
    long of(int b, Place place);
  }

  private Tensor longs(Value value) {
    int T = length();
    long[] values = new long[TokenGrid.size("score", rows.size(), T)];
    for (int b = 0; b < rows.size(); b++) {
      for (int t = 0; t < rows.get(b).size(); t++) {
        values[b * T + t] = value.of(b, rows.get(b).get(t));
      }
    }
    return Tensor.of(values, rows.size(), T);
  }
}
