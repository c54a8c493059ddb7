package io.github.blip2j.spark;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.MemoryShortageException;
import java.util.concurrent.CancellationException;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MemoryNeedTest {
  private static final MemoryNeed LARGE = new MemoryNeed("/models/blip2", 7_400L << 20);

  private static SparkConf conf(String master) {
    return new SparkConf(false).set("spark.master", master);
  }

  @Test
  void overhead_belowTheWeights_isRefused_withTheSetting() {
    assertEquals(
        "spark: spark.executor.memoryOverhead of 7784 MiB or more expected for the weights of"
            + " /models/blip2 (7400 MiB), got 384 MiB; set --conf"
            + " spark.executor.memoryOverhead=9448m",
        assertThrows(IllegalStateException.class, () -> LARGE.check(conf("yarn"))).getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "spark.executor.memoryOverhead, 8g",
    "spark.executor.memoryOverhead, 7784",
    "spark.executor.memory, 80g",
  })
  void overhead_thatHoldsTheWeights_isTaken(String setting, String value) {
    assertDoesNotThrow(() -> LARGE.check(conf("k8s://host").set(setting, value)));
  }

  @ParameterizedTest
  @CsvSource({"local", "local[2]", "local-cluster[2,1,1024]", "spark://host:7077"})
  void masters_thatDoNotLimitMemory_areNotRefused(String master) {
    assertDoesNotThrow(() -> LARGE.check(conf(master)));
  }

  @Test
  void factor_ofTheHeap_counts() {
    SparkConf conf =
        conf("yarn")
            .set("spark.executor.memory", "10g")
            .set("spark.executor.memoryOverheadFactor", "0.8");

    assertDoesNotThrow(() -> LARGE.check(conf));
    assertThrows(
        IllegalStateException.class,
        () -> LARGE.check(conf.set("spark.executor.memoryOverheadFactor", "0.5")));
  }

  private static void assertEnd(String end, Throwable why) {
    assertTrue(LocalSpark.message(why).endsWith(end), why::toString);
  }

  @Test
  void failures_nameTheSettingToChange() {
    assertEnd(
        "raise spark.executor.memoryOverhead or lower batchSize",
        Failures.told("a batch of 8", new MemoryShortageException("linear: ...")));
    assertEnd(
        "raise spark.executor.memory, or lower maxPixels or batchSize",
        Failures.told("decoding", new OutOfMemoryError("Java heap space")));
    assertEnd(
        "send the jars with the ending linux-x86_64 with --jars",
        Failures.told("loading m", new UnsatisfiedLinkError("no jnind4jcpu")));
    assertEquals(
        "spark: task expected to run to its end, got cancelled",
        Failures.told("x", new CancellationException()).getMessage());
  }
}
