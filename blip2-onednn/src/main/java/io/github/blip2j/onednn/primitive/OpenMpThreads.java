package io.github.blip2j.onednn.primitive;

import com.sun.jna.Native;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many of OpenMP's threads the calling thread's operations are spread over.
 *
 * <p>Waking a sleeping thread takes 10 to 20 microseconds, in which one core adds tens of thousands
 * of numbers. So small operations stay on the thread that asks for them: a norm or a sum of one
 * token's 2560 numbers then takes 4 to 9 microseconds instead of 20. OpenMP keeps the number for
 * each thread by itself, so threads that compute at once do not disturb each other.
 */
public final class OpenMpThreads {
  private static final Logger LOG = LoggerFactory.getLogger(OpenMpThreads.class);
  // By its loader's name, the copy that oneDNN brought and has loaded by now.
  private static final String LIBRARY = "libgomp.so.1";

  /** OpenMP's own functions (OpenMP 5.0, sections 3.2.1 and 3.2.3), under their own names. */
  private static final class OpenMp {
    static native int omp_get_max_threads();

    static native void omp_set_num_threads(int count);
  }

  private final boolean there;

  /** To be made after oneDNN's library has loaded. */
  public OpenMpThreads() {
    this.there = register();
  }

  private static boolean register() {
    try {
      Native.register(OpenMp.class, LIBRARY);
      return true;
    } catch (LinkageError e) {
      // Small operations then take longer than they need to, and are right all the same.
      LOG.debug("{}: small operations use all threads: {}", LIBRARY, e.toString());
      return false;
    }
  }

  /** Does work on the calling thread alone. */
  <T> T alone(Supplier<T> work) {
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

  /** The threads that an operation of the calling thread may use; 1 too where it is not known. */
  public int size() {
    return there ? OpenMp.omp_get_max_threads() : 1;
  }
}
