package io.github.blip2j.nn;

import io.github.blip2j.distributed.Ranks;
import io.github.blip2j.tensor.GradientCheckpoint;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.RowShare;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The context of one forward pass: evaluation or training mode, gradient checkpointing, and an
 * observer. It is an argument, never stored, so that one model serves passes of all kinds at once.
 */
public final class ForwardPass {
  /** Observes intermediate results of a pass. Tensors are valid during the call unless kept. */
  public interface Observer {
    /** The residual stream, before the first layer (index 0) and after each. */
    default void hiddenState(String path, int index, Tensor x) {}

    /** Attention probabilities [B, H, T, S]; called only if {@link #wantsAttention} is true. */
    default void attention(String path, Tensor weights) {}

    /** Whether {@link #attention} wants to be called. */
    default boolean wantsAttention() {
      return false;
    }

    /**
     * The gradient of the probabilities of {@link #attention} under the same path, [B, H, T, S]. It
     * is called while {@link Tensor#backward()} runs, for the last layer first.
     */
    default void attentionGradient(String path, Tensor gradient) {}

    /**
     * Whether {@link #attentionGradient} wants to be called. Probabilities are then recorded even
     * if no parameter before them requires a gradient, so that it exists for a frozen model too.
     */
    default boolean wantsAttentionGradient() {
      return false;
    }
  }

  /** One layer of a stack, run by {@link #layer}. */
  @FunctionalInterface
  public interface Layer {
    /** The layer's output; {@code pass} replaces the one around it. */
    Tensor forward(List<Tensor> inputs, ForwardPass pass);
  }

  private static final Observer NOBODY = new Observer() {};
  private static final ForwardPass EVALUATION =
      new ForwardPass(null, false, NOBODY, Ranks.ALONE, 1);

  private final @Nullable RandomGenerator random;
  private final boolean withGradientCheckpointing;
  private final Observer observer;
  private final Ranks ranks;
  private final int parts;

  private ForwardPass(
      @Nullable RandomGenerator random,
      boolean recomputing,
      Observer observer,
      Ranks ranks,
      int parts) {
    this.random = random;
    this.withGradientCheckpointing = recomputing;
    this.observer = observer;
    this.ranks = ranks;
    this.parts = parts;
  }

  /** Dropout off. */
  public static ForwardPass evaluation() {
    return EVALUATION;
  }

  /** Dropout on, drawing from {@code random}. */
  public static ForwardPass training(RandomGenerator random) {
    return new ForwardPass(random, false, NOBODY, Ranks.ALONE, 1);
  }

  /** This pass with an observer. */
  public ForwardPass observedBy(Observer newObserver) {
    return new ForwardPass(random, withGradientCheckpointing, newObserver, ranks, parts);
  }

  /** This pass with dropout off, for a frozen part inside a trained model. */
  public ForwardPass evaluating() {
    return new ForwardPass(null, withGradientCheckpointing, observer, ranks, parts);
  }

  /**
   * This pass with gradient checkpointing: of each {@linkplain #layer layer} only inputs and output
   * are kept, and the backward pass recomputes it, at the cost of one more forward pass.
   */
  public ForwardPass withGradientCheckpointing() {
    return new ForwardPass(random, true, observer, ranks, parts);
  }

  /** This pass without gradient checkpointing. */
  public ForwardPass withoutGradientCheckpointing() {
    return new ForwardPass(random, false, observer, ranks, parts);
  }

  /**
   * This pass as one of several ranks, each with its share of the batch. Random choices are those
   * of one process with the whole batch. Means over anything but rows are then to be weighed
   * ({@link Ranks#weight}), and what compares rows with one another is to gather them.
   */
  public ForwardPass among(Ranks newRanks) {
    return new ForwardPass(random, withGradientCheckpointing, observer, newRanks, parts);
  }

  /** The ranks that share the batch; {@link Ranks#ALONE} by default. */
  public Ranks ranks() {
    return ranks;
  }

  /** This pass for tensors that have several shared batches one after the other. */
  public ForwardPass ofParts(int newParts) {
    return new ForwardPass(random, withGradientCheckpointing, observer, ranks, newParts);
  }

  /** Which rows of the whole batch this pass computes. */
  public RowShare rows() {
    return ranks.areAlone() ? RowShare.ALL : new RowShare(ranks.rank(), ranks.size(), parts);
  }

  /**
   * Runs one layer of a stack in a scope of its own, also when it is recomputed.
   *
   * <p>While training, the layer has a random source of its own, seeded from this pass's. Its
   * dropout is therefore the same when recomputed, and gradient checkpointing changes no result.
   *
   * @param inputs all tensors that the layer uses and that may require a gradient, except
   *     parameters
   * @throws java.util.concurrent.CancellationException if a {@link CancellationToken} that this
   *     thread has entered is cancelled
   */
  public Tensor layer(List<Tensor> inputs, Layer layer) {
    CancellationToken.check();
    long seed = random == null ? 0 : random.nextLong();
    GradientCheckpoint.Part first = x -> layer.forward(x, forked(seed, observer));
    if (!withGradientCheckpointing) {
      return Scope.run(() -> first.run(inputs));
    }
    return GradientCheckpoint.of(inputs, first, x -> layer.forward(x, forked(seed, unseen())));
  }

  /** The observer. */
  public Observer observer() {
    return observer;
  }

  /** Whether there is an observer. */
  public boolean isObserved() {
    return observer != NOBODY;
  }

  /**
   * Whether this is a pass of {@link #training}, with dropout on. What changes state of its own
   * while it computes, such as a running mean, does so only then.
   */
  public boolean isTraining() {
    return random != null;
  }

  /** The random source of dropout, or null when evaluating. */
  public @Nullable RandomGenerator random() {
    return random;
  }

  private ForwardPass forked(long seed, Observer by) {
    return new ForwardPass(
        random == null ? null : new SplittableRandom(seed), false, by, ranks, parts);
  }

  /**
   * An observer for recomputed layers: it receives nothing, but attention is computed as in the
   * observed pass.
   */
  private Observer unseen() {
    return new Observer() {
      @Override
      public boolean wantsAttention() {
        return observer.wantsAttention();
      }
    };
  }
}
