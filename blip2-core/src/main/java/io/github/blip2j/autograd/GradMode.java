package io.github.blip2j.autograd;

/**
 * Whether the current thread records gradients.
 *
 * <p>Recording is on by default, but it also needs an input that requires a gradient, and loaded
 * parameters do not require one until they are trained: inference records nothing even without
 * {@link #noGrad()}. A block under {@code noGrad} records nothing, whatever its inputs, and
 * recording cannot be turned on inside it. The one exception is a backward pass: its derivatives
 * are not recorded, but values that it has to {@linkplain #recordAgain recompute} are.
 */
public final class GradMode {
  private static final ThreadLocal<State> STATE = ThreadLocal.withInitial(State::new);

  /** The state of one thread. */
  private static final class State {
    private int noGradDepth;
    private int backwardDepth;
  }

  private GradMode() {}

  /** Whether operations of this thread are recorded when an input requires a gradient. */
  public static boolean isRecording() {
    return STATE.get().noGradDepth == 0;
  }

  /** Stops recording on this thread until the returned block is closed. Blocks may nest. */
  public static NoGrad noGrad() {
    return new NoGrad(STATE.get(), 0);
  }

  /** As {@link #noGrad()}, for a backward pass, in which {@link #recordAgain} is allowed. */
  public static NoGrad backward() {
    return new NoGrad(STATE.get(), 1);
  }

  /**
   * Records inside a backward pass until the returned block is closed: values that were not kept
   * are recomputed, and need a tape of their own.
   *
   * @throws IllegalStateException if this thread is in no backward pass
   */
  public static Recording recordAgain() {
    State state = STATE.get();
    if (state.backwardDepth == 0) {
      throw new IllegalStateException(
          "autograd: recording again expected inside a backward pass, got none on this thread");
    }
    return new Recording(state);
  }

  /** A block without recording; close it on the thread that opened it. */
  public static final class NoGrad implements AutoCloseable {
    private final State state;
    private final int backward; // 1 for a backward pass
    private boolean open = true;

    private NoGrad(State state, int backward) {
      this.state = state;
      this.backward = backward;
      state.noGradDepth++;
      state.backwardDepth += backward;
    }

    @Override
    public void close() {
      if (open) {
        open = false;
        state.noGradDepth--;
        state.backwardDepth -= backward;
      }
    }
  }

  /** A block that records inside a backward pass; close it on the thread that opened it. */
  public static final class Recording implements AutoCloseable {
    private final State state;
    private final int suspended; // blocks without recording around this one

    private Recording(State state) {
      this.state = state;
      this.suspended = state.noGradDepth;
      state.noGradDepth = 0;
    }

    @Override
    public void close() {
      state.noGradDepth = suspended;
    }
  }
}
