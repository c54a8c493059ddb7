package io.github.blip2j.autograd;

/**
 * Whether the current thread records gradients.
 *
 * <p>It does by default, but recording needs an input that wants a gradient, and loaded parameters
 * do not until a trainer says so: inference records nothing even when its author forgets {@link
 * #noGrad()}. A block under {@code noGrad} records nothing whatever its inputs want, and nothing
 * inside such a block can turn recording on again.
 */
public final class GradMode {
  private static final ThreadLocal<int[]> NO_GRAD_DEPTH = ThreadLocal.withInitial(() -> new int[1]);

  private GradMode() {}

  /** Whether operations of this thread are recorded when an input wants a gradient. */
  public static boolean isRecording() {
    return NO_GRAD_DEPTH.get()[0] == 0;
  }

  /** Stops recording on this thread until the returned block is closed. Blocks may nest. */
  public static NoGrad noGrad() {
    return new NoGrad(NO_GRAD_DEPTH.get());
  }

  /** A block without recording; close it on the thread that opened it. */
  public static final class NoGrad implements AutoCloseable {
    private final int[] depth;
    private boolean open = true;

    private NoGrad(int[] depth) {
      this.depth = depth;
      depth[0]++;
    }

    @Override
    public void close() {
      if (open) {
        open = false;
        depth[0]--;
      }
    }
  }
}
