package io.github.blip2j.spark;

import java.util.Collections;
import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;

/** What Spark sends to executors, which run it on each partition. */
final class PictureFunction implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  private final InferenceOptions options;
  private final PictureWork work;
  private final PictureTable table;
  private final String fingerprint;
  private final SerializableConfiguration storage;
  private final SparkMetrics metrics;

  PictureFunction(
      InferenceOptions options,
      PictureWork work,
      PictureTable table,
      String fingerprint,
      SerializableConfiguration storage,
      SparkMetrics metrics) {
    this.options = options;
    this.work = work;
    this.table = table;
    this.fingerprint = fingerprint;
    this.storage = storage;
    this.metrics = metrics;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) throws Exception {
    if (!rows.hasNext()) {
      return Collections.emptyIterator(); // needs no model
    }
    var key =
        new ExecutorModel.Key(options.model(), work.kind(), fingerprint, options.modelThreads());
    ExecutorModel model = ExecutorModel.of(key, metrics::addLoad);
    var reader = new PictureReader(options, model, storage.value());
    return new PictureIterator(this, model, reader, rows);
  }

  InferenceOptions options() {
    return options;
  }

  PictureWork work() {
    return work;
  }

  PictureTable table() {
    return table;
  }

  SparkMetrics metrics() {
    return metrics;
  }
}
