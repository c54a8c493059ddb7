package io.github.blip2j.onednn.primitive;

import com.sun.jna.Native;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The number of OpenMP threads for operations of the calling thread.
 *
 * <p>Waking a sleeping thread takes 10 to 20 microseconds, in which one core adds tens of thousands
 * of numbers. Small operations therefore run on the calling thread alone: a norm or a sum of one
 * token's 2560 numbers then takes 4 to 9 microseconds instead of 20. OpenMP keeps the number for
 * each thread, so concurrent threads do not affect each other.
 */
public final class OpenMpThreads {
  private static final Logger LOG = LoggerFactory.getLogger(OpenMpThreads.class);
  // By its soname: the copy that oneDNN has loaded already.
  private static final String LIBRARY = "libgomp.so.1";

  /** OpenMP's functions by their own names (OpenMP 5.0, sections 3.2.1 and 3.2.3). */
  private static final class OpenMp {
    static native int omp_get_max_threads();

    static native void omp_set_num_threads(int count);
  }

  private final boolean there;

  /** To be created after oneDNN's library has loaded. */
  public OpenMpThreads() {
    this.there = register();
  }

  private static boolean register() {
    try {
      Native.register(OpenMp.class, LIBRARY);
      return true;
    } catch (LinkageError e) {
      // Small operations then take longer, but results are right.
      LOG.debug("{}: small operations use all threads: {}", LIBRARY, e.toString());
      return false;
    }
  }

  /** Runs work on the calling thread alone. */
  public <T> T alone(Supplier<T> work) {
    int all = size();
    if (all == 1) {
      return work.get();
    }
    OpenMp.omp_set_num_threads(1);
    try {
      return work.get();
    } finally {
      OpenMp.omp_set_num_threads(all);
    }
  }

  /** The number of threads for an operation of the calling thread; 1 if it is unknown. */
  public int size() {
    return there ? OpenMp.omp_get_max_threads() : 1;
  }
}
