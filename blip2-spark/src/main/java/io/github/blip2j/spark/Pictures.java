package io.github.blip2j.spark;

import static io.github.blip2j.blip2.text.Arguments.required;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** Puts work on the pictures of a data set. */
final class Pictures {
  private Pictures() {}

  /**
   * The data set with two more columns. All that can be wrong with the settings is found here, on
   * the driver.
   */
  static Dataset<Row> with(
      Dataset<?> pictures, InferenceOptions options, PictureWork work, SparkMetrics metrics) {
    required("spark", "pictures", pictures);
    required("spark", "options", options);
    required("spark", "metrics", metrics);
    StructType schema = pictures.schema();
    PictureTable table = PictureTable.of(schema, options, work);
    SparkSession spark = pictures.sparkSession();
    String fingerprint;
    try {
      fingerprint = options.model().fingerprint(work.kind());
      new MemoryNeed(options.model().toString(), options.model().weightBytes())
          .check(spark.sparkContext().getConf());
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
    var storage = new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
    var function = new PictureFunction(options, work, table, fingerprint, storage, metrics);
    return pictures.toDF().mapPartitions(function, Encoders.row(table.schema()));
  }
}
