package io.github.blip2j.backend;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

/**
 * The number of threads for one operation of the native libraries: all cores, unless {@code
 * OMP_NUM_THREADS} or {@link #use} sets another number. It holds for the whole process.
 */
public final class Threads {
  static final String PROPERTY = "blip2.threads";

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]+");
  private static final int MOST_DIGITS = 18; // of a long
  static final String VARIABLE = "OMP_NUM_THREADS";

  /** A greater number has no use, and tens of thousands crash the process in libgomp. */
  private static final int MOST = Math.max(1024, Runtime.getRuntime().availableProcessors());

  private Threads() {}

  /**
   * Chooses the number for the whole process, like {@code -Dblip2.threads=}. It has no effect after
   * the first tensor.
   *
   * @throws IllegalArgumentException if it is not 1 to 1024, or to the number of cores where that
   *     is greater
   */
  public static void choose(int count) {
    require("threads", count);
    System.setProperty(PROPERTY, Integer.toString(count));
  }

  private static void require(String where, long count) {
    if (count < 1 || count > MOST) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s: count of threads expected 1 to %d, got %d", where, MOST, count));
    }
  }

  /**
   * The number that the property states, checked, because the libraries do not check it.
   *
   * @param variable the environment variable, used without the property; libgomp accepts a list too
   * @return null if the property is not set
   * @throws IllegalArgumentException if either is no number of threads
   */
  static @Nullable String chosen(@Nullable String property, @Nullable String variable) {
    if (property != null) {
      require("-D" + PROPERTY, number(property));
      return property;
    }
    for (String level : variable == null ? new String[0] : variable.split(",", -1)) {
      if (NUMBER.matcher(level.strip()).matches()) { // libgomp warns of anything else
        require(VARIABLE, number(level.strip()));
      }
    }
    return null;
  }

  private static long number(String text) {
    if (!NUMBER.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "-D" + PROPERTY + ": count of threads expected to be a number, got " + text);
    }
    return text.length() <= MOST_DIGITS ? Long.parseLong(text) : Long.MAX_VALUE;
  }

  /** The number in use. */
  public static int count() {
    Natives.prepare();
    Nd4j.getBackend(); // initialises ND4J, which sets the number
    return NativeOpsHolder.getInstance().getDeviceNativeOps().ompGetMaxThreads();
  }

  /**
   * Changes the number, for operations of this thread that start later.
   *
   * @throws IllegalArgumentException if it is not 1 to 1024, or to the number of cores where that
   *     is greater
   */
  public static void use(int count) {
    require("threads", count);
    Natives.prepare();
    // ND4J's own loops, OpenMP and the BLAS each have their own number.
    Nd4j.getEnvironment().setMaxMasterThreads(count);
    NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(count);
    Nd4j.factory().blas().setMaxThreads(count);
  }
}
