package io.github.blip2j.spark;

import java.io.Serializable;
import java.util.Locale;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;

/**
 * What a run has done so far, over all executors: accumulators, which Spark's page shows too. A
 * task that is repeated is counted again, so that numbers of pictures may exceed those of rows.
 */
public final class SparkMetrics implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final double NANOS = 1e9;

  private final LongAccumulator pictures;
  private final LongAccumulator errors;
  private final LongAccumulator loads;
  private final LongAccumulator model;
  private final LongAccumulator decoding;
  private final LongAccumulator waiting;

  private SparkMetrics(SparkContext context, String name) {
    pictures = context.longAccumulator(name + ".pictures");
    errors = context.longAccumulator(name + ".errors");
    loads = context.longAccumulator(name + ".modelLoads");
    model = context.longAccumulator(name + ".modelNanos");
    decoding = context.longAccumulator(name + ".decodingNanos");
    waiting = context.longAccumulator(name + ".waitingNanos");
  }

  /** Fresh counters. */
  public static SparkMetrics of(SparkSession spark) {
    return of(spark, "blip2");
  }

  static SparkMetrics of(SparkSession spark, String name) {
    return new SparkMetrics(spark.sparkContext(), name);
  }

  /** Rows that were given to the model, or could not be. */
  public long pictures() {
    return pictures.value();
  }

  /** Rows with an error. */
  public long errors() {
    return errors.value();
  }

  /** How often a model was loaded: once for each process, if all is well. */
  public long modelLoads() {
    return loads.value();
  }

  /** Seconds in which models worked. */
  public double modelSeconds() {
    return model.value() / NANOS;
  }

  /** Seconds in which threads read and decoded pictures, which is beside the model's work. */
  public double decodingSeconds() {
    return decoding.value() / NANOS;
  }

  /** Seconds in which a task's model had nothing to do, because no picture was ready. */
  public double waitingSeconds() {
    return waiting.value() / NANOS;
  }

  void addLoad() {
    loads.add(1);
  }

  void addRow(boolean failed) {
    pictures.add(1);
    errors.add(failed ? 1 : 0);
  }

  void addModel(long nanos) {
    model.add(nanos);
  }

  void addDecoding(long nanos) {
    decoding.add(nanos);
  }

  void addWaiting(long nanos) {
    waiting.add(nanos);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d pictures, %d errors, %d model loads, %.1f s in the model, %.1f s decoding, %.1f s waiting",
        pictures(),
        errors(),
        modelLoads(),
        modelSeconds(),
        decodingSeconds(),
        waitingSeconds());
  }
}
