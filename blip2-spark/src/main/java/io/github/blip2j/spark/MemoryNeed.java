package io.github.blip2j.spark;

import java.util.Locale;
import org.apache.spark.SparkConf;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares the memory that a model needs outside the Java heap with what an executor may have
 * there. YARN and Kubernetes kill executors that take more, and then say nothing of the model.
 *
 * @param model what to call it
 * @param weights its weights, in bytes
 */
record MemoryNeed(String model, long weights) {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryNeed.class);
  private static final String OVERHEAD = "spark.executor.memoryOverhead";
  private static final long MIB = 1L << 20;

  /** Spark's own need and the native libraries, without which no batch runs. */
  private static final long LEAST_BESIDE_WEIGHTS = 384 * MIB;

  /** With activations of a batch of a large model, key-value caches and the pool. */
  private static final long USUAL_BESIDE_WEIGHTS = 2048 * MIB;

  private static final double FACTOR = 0.1;
  private static final long LEAST_OVERHEAD = 384 * MIB;

  /**
   * Checks an application's settings before any task runs.
   *
   * @throws IllegalStateException if executors would be killed for the model
   */
  void check(SparkConf conf) {
    String master = conf.get("spark.master", "local");
    if (master.equals("local") || master.startsWith("local[")) {
      return; // one process, which has the driver's memory
    }
    long overhead = overhead(conf);
    long least = weights + LEAST_BESIDE_WEIGHTS;
    if (overhead >= weights + USUAL_BESIDE_WEIGHTS) {
      return;
    }
    String message =
        String.format(
            Locale.ROOT,
            "spark: %s of %d MiB or more expected for the weights of %s (%d MiB), got %d MiB; set"
                + " --conf %s=%dm",
            OVERHEAD,
            least / MIB,
            model,
            weights / MIB,
            overhead / MIB,
            OVERHEAD,
            (weights + USUAL_BESIDE_WEIGHTS) / MIB);
    boolean kills = master.startsWith("yarn") || master.startsWith("k8s");
    if (kills && overhead < least) {
      throw new IllegalStateException(message);
    }
    if (kills || weights > USUAL_BESIDE_WEIGHTS) {
      LOG.warn(message);
    }
  }

  private static long overhead(SparkConf conf) {
    if (conf.contains(OVERHEAD)) {
      return conf.getSizeAsMb(OVERHEAD, "0") * MIB;
    }
    double factor =
        conf.getDouble(
            "spark.executor.memoryOverheadFactor",
            conf.getDouble("spark.kubernetes.memoryOverheadFactor", FACTOR));
    long heap = conf.getSizeAsMb("spark.executor.memory", "1g") * MIB;
    return Math.max((long) (heap * factor), LEAST_OVERHEAD);
  }
}
