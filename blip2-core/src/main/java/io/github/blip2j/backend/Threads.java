package io.github.blip2j.backend;

import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * How many threads one operation of the native libraries is spread over: all cores unless {@code
 * OMP_NUM_THREADS} or {@link #use} says otherwise. It holds for the whole process.
 */
public final class Threads {
  static final String PROPERTY = "blip2.threads";

  private Threads() {}

  /**
   * Chooses the number for the whole process, before its first tensor; later it does nothing. It is
   * what {@code -Dblip2.threads=} sets.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public static void choose(int count) {
    requirePositive(count);
    System.setProperty(PROPERTY, Integer.toString(count));
  }

  private static void requirePositive(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("threads: count expected at least 1, got " + count);
    }
  }

  /** The number in use. */
  public static int count() {
    Natives.prepare();
    Nd4j.getBackend(); // sets it
    return NativeOpsHolder.getInstance().getDeviceNativeOps().ompGetMaxThreads();
  }

  /**
   * Changes the number, for operations of this thread that start later.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public static void use(int count) {
    requirePositive(count);
    Natives.prepare();
    // ND4J's own loops, OpenMP's, and those of its BLAS are counted apart.
    Nd4j.getEnvironment().setMaxMasterThreads(count);
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(count);
    Nd4j.factory().blas().setMaxThreads(count);
  }
}
