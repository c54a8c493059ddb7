package io.github.blip2j.backend;

import com.sun.jna.Function;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings of the native libraries that must be made before the first of their classes loads.
 *
 * <p>JavaCPP reads its limits once, from properties, and its defaults (off-heap memory up to {@code
 * -Xmx}, resident memory up to four times that) stop any real model. Every entry into ND4J in this
 * package goes through a class that calls {@link #prepare} first. A property that the user has set
 * stays as it is.
 */
public final class Natives {
  private static final Logger LOG = LoggerFactory.getLogger(Natives.class);
  public static final String EXTENSION = "org.bytedeco.javacpp.platform.extension";
  private static final String WAIT_POLICY = "OMP_WAIT_POLICY";
  private static final String SPIN_COUNT = "GOMP_SPINCOUNT";
  private static final String SPINS = "1000"; // 20 to 50 microseconds

  private static final String BINDINGS = "/org/nd4j/linalg/cpu/nativecpu/bindings/linux-x86_64";

  static {
    NativeFolder.prepare();
    setDefault("org.bytedeco.javacpp.maxbytes", "0");
    setDefault("org.bytedeco.javacpp.maxphysicalbytes", "0");
    setDefault("org.bytedeco.javacpp.logger", "slf4j");
    // By default JavaCPP takes the avx2 build on every CPU, because it is first in ND4J's list.
    fastestBuild().ifPresent(extension -> setDefault(EXTENSION, extension));
    waitAsleep();
    limitThreads();
  }

  private Natives() {}

  /** Sets the properties once. */
  public static void prepare() {
    // The static initializer did it.
  }

  /** The flags of the first CPU; empty if the system does not list them. */
  static Set<String> cpuFlags() {
    Path cpuinfo = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(cpuinfo)) {
      return Set.of();
    }
    try (var lines = Files.lines(cpuinfo)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .limit(1)
          .flatMap(line -> Arrays.stream(line.substring(line.indexOf(':') + 1).trim().split(" ")))
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException e) {
      return Set.of(); // start even if the speed cannot be guessed
    }
  }

  /**
   * Lets OpenMP's threads sleep between operations, unless the user has set a policy. By default
   * they spin for milliseconds, and if anything else runs on the same cores, an operation of a few
   * microseconds takes 8 to 16 ms. Waking a thread takes 10 to 60 microseconds, so threads spin for
   * about as long as the next operation of a model needs to arrive. libgomp reads the variables
   * once, when it is loaded.
   */
  private static void waitAsleep() {
    if (System.getenv(WAIT_POLICY) == null && System.getenv(SPIN_COUNT) == null) {
      setEnvironment(WAIT_POLICY, "passive");
      setEnvironment(SPIN_COUNT, SPINS);
    }
  }

  /**
   * Sets the user's number of threads for OpenMP, which all kernels share, and for OpenBLAS. ND4J
   * knows only the variables that Java was started with, and gives the thread that loads it all
   * cores. So it is loaded here, and told the number.
   */
  private static void limitThreads() {
    @Nullable String count =
        Threads.chosen(System.getProperty(Threads.PROPERTY), System.getenv(Threads.VARIABLE));
    if (count != null) {
      setEnvironment(Threads.VARIABLE, count);
      setEnvironment("OPENBLAS_NUM_THREADS", count);
      try {
        Threads.use(Integer.parseInt(count));
      } catch (LinkageError e) {
        LOG.debug("ND4J does not load: {}", e.toString()); // the first tensor says so
      }
    }
  }

  private static void setEnvironment(String name, String value) {
    if (isLinux()) {
      try {
        Function.getFunction("c", "setenv").invokeInt(new Object[] {name, value, 1});
      } catch (LinkageError e) {
        // Without JNA's library, tensors are slower beside other programs, but correct.
        LOG.debug("{} stays as it is: {}", name, e.toString());
      }
    }
  }

  private static boolean isLinux() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
  }

  private static Optional<String> fastestBuild() {
    Set<String> flags = cpuFlags();
    boolean avx512 = flags.containsAll(Set.of("avx512f", "avx512bw", "avx512vl", "avx512dq"));
    if (avx512 && present("-onednn-avx512")) {
      return Optional.of("-onednn-avx512");
    }
    boolean avx2 = flags.containsAll(Set.of("avx2", "fma"));
    return avx2 && present("-onednn-avx2") ? Optional.of("-onednn-avx2") : Optional.empty();
  }

  private static boolean present(String extension) {
    return isLinux() && Natives.class.getResource(BINDINGS + extension + "/libnd4jcpu.so") != null;
  }

  private static void setDefault(String name, String value) {
    if (System.getProperty(name) == null) {
      System.setProperty(name, value);
    }
  }
}
