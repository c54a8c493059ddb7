package io.github.blip2j.nn;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.DType;
import io.github.blip2j.tensor.types.Shape;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * Cross-entropy of a language model's scores: which position predicts which label, label smoothing
 * (Szegedy et al. 2016, section 7), and the reduction of the tokens' losses.
 *
 * <p>A label of {@link #IGNORED} is left out: of the likelihood, of the smoothing, and of the
 * number that a mean divides by. If all labels are ignored, the loss is 0.
 *
 * <pre>{@code
 * B sequences, T positions, C width, V vocabulary, M positions that count
 * }</pre>
 *
 * @param smoothing the share of the target spread evenly over the vocabulary, in [0, 1]
 */
public record TokenLoss(Target target, double smoothing, Reduction reduction) {
  /** The label of positions without loss; PyTorch's value. */
  public static final int IGNORED = -100;

  /** Which label a position predicts. */
  public enum Target {
    /** The label of the next position, as a decoder; the last position predicts nothing. */
    NEXT,
    /** The label of the same position, as a masked language model. */
    SAME
  }

  /** The reduction of the tokens' losses. */
  public enum Reduction {
    /** The mean over all labelled tokens, a scalar. */
    MEAN,
    /** The sum over the labelled tokens of each sequence, [B]. */
    SUM_PER_SEQUENCE
  }

  /** Checks the smoothing. */
  public TokenLoss {
    if (!(smoothing >= 0 && smoothing <= 1)) {
      throw new IllegalArgumentException("loss: smoothing expected in [0, 1], got " + smoothing);
    }
  }

  /** A decoder's loss: each position predicts the next token, unsmoothed; the mean. */
  public static TokenLoss ofNextToken() {
    return new TokenLoss(Target.NEXT, 0, Reduction.MEAN);
  }

  /** A masked language model's loss: each position predicts its own token, unsmoothed; the mean. */
  public static TokenLoss ofSameToken() {
    return new TokenLoss(Target.SAME, 0, Reduction.MEAN);
  }

  /** This loss with smoothed labels. */
  public TokenLoss withSmoothing(double newSmoothing) {
    return new TokenLoss(target, newSmoothing, reduction);
  }

  /** This loss as a sum for each sequence. */
  public TokenLoss perSequence() {
    return new TokenLoss(target, smoothing, Reduction.SUM_PER_SEQUENCE);
  }

  /**
   * The loss of logits.
   *
   * @param logits [B, T, V]
   * @param labels [B, T], int64, {@link #IGNORED} where there is nothing to learn
   * @return a scalar or [B], see {@link Reduction}
   */
  public Tensor of(Tensor logits, Tensor labels) {
    logits.shape().require("loss", "logits", Shape.ANY, Shape.ANY, Shape.ANY);
    long[] targets = targets(labels, logits);
    int[] all = new int[targets.length];
    Arrays.setAll(all, i -> i);
    return reduce(flat(logits), targets, all, logits.dim(0));
  }

  /**
   * The loss of hidden states; {@code head} computes logits for labelled positions only, because it
   * is the widest layer, and half of a batch may be padding.
   *
   * @param hidden [B, T, C]
   * @param labels [B, T], int64, {@link #IGNORED} where there is nothing to learn
   * @param head from [M, C] to [M, V]
   * @return a scalar or [B], see {@link Reduction}
   */
  public Tensor of(Tensor hidden, Tensor labels, UnaryOperator<Tensor> head) {
    hidden.shape().require("loss", "hidden", Shape.ANY, Shape.ANY, Shape.ANY);
    long[] targets = targets(labels, hidden);
    int[] counted = counted(targets);
    boolean all = counted.length == targets.length;
    Tensor rows = all ? flat(hidden) : flat(hidden).gather(Tensor.ids(counted)); // [M, C]
    return reduce(head.apply(rows), targets, counted, hidden.dim(0));
  }

  /**
   * How many labels a mean over these divides by.
   *
   * @param labels [B, T], int64
   */
  public long count(Tensor labels) {
    return Arrays.stream(targets(labels, labels)).filter(label -> label != IGNORED).count();
  }

  /** Losses of rows [M, V], row i being position {@code places[i]} of all sequences in a row. */
  private Tensor reduce(Tensor rows, long[] targets, int[] places, long sequences) {
    long[] labels = Arrays.stream(places).mapToLong(place -> targets[place]).toArray();
    Tensor losses = rows.crossEntropy(Tensor.of(labels, labels.length), smoothing); // [M]
    if (reduction == Reduction.MEAN) {
      long counted = Arrays.stream(labels).filter(label -> label >= 0).count();
      return losses.sum().mul(1.0 / Math.max(1, counted)); // the sum of none is 0, not 0 / 0
    }
    float[] membership = new float[Shape.of(sequences, places.length).arrayLength("loss")];
    int T = targets.length / Math.toIntExact(sequences);
    for (int i = 0; i < places.length; i++) {
      membership[places[i] / T * places.length + i] = 1;
    }
    Tensor members = Tensor.of(membership, sequences, places.length).to(losses.dtype()); // [B, M]
    return members.matmul(losses.reshape(places.length, 1)).reshape(sequences);
  }

  /** The label that each position predicts, row by row. */
  private long[] targets(Tensor labels, Tensor predictions) {
    labels.shape().require("loss", "labels", predictions.dim(0), predictions.dim(1));
    if (labels.dtype() != DType.INT64) {
      throw new IllegalArgumentException("loss: labels expected INT64, got " + labels.dtype());
    }
    long[] own = labels.toLongs();
    for (long label : own) {
      if (label < 0 && label != IGNORED) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "loss: labels expected 0 or more, or %d to ignore, got %d",
                IGNORED,
                label));
      }
    }
    if (target == Target.SAME) {
      return own;
    }
    int T = Math.toIntExact(labels.dim(1));
    long[] next = new long[own.length];
    for (int i = 0; i < own.length; i++) {
      next[i] =
          (i + 1) % T == 0
              ? IGNORED
              : own[i + 1]; // labels are shifted, so that no logits are copied
    }
    return next;
  }

  /**
   * The labelled positions; if there are none, one ignored position, so that the graph is
   * connected.
   */
  private static int[] counted(long[] targets) {
    int[] places = new int[targets.length];
    int count = 0;
    for (int i = 0; i < targets.length; i++) {
      if (targets[i] != IGNORED) {
        places[count++] = i;
      }
    }
    return Arrays.copyOf(places, count == 0 ? Math.min(1, targets.length) : count);
  }

  private static Tensor flat(Tensor x) {
    return x.reshape(x.dim(0) * x.dim(1), x.dim(2));
  }
}
