package io.github.blip2j.spark;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Captions of the pictures of a data set.
 *
 * <pre>{@code
 * Dataset<Row> pictures = spark.read().format("binaryFile").load("/photos");
 * Captions.of(pictures, InferenceOptions.of(ModelSource.bundled())).write().parquet("/captions");
 * }</pre>
 *
 * <p>The result has the data set's columns without the bytes, a column {@code caption} and a column
 * {@code error}: one of the two is null. A picture that cannot be read is a row with an error and
 * ends nothing; a model that cannot be loaded or run ends the job.
 */
public final class Captions {
  private Captions() {}

  /** Captions without a prompt, as the model decodes by default. */
  public static Dataset<Row> of(Dataset<?> pictures, InferenceOptions options) {
    return of(pictures, options, "", Decoding.usual(), SparkMetrics.of(pictures.sparkSession()));
  }

  /** The same, counted. */
  public static Dataset<Row> of(
      Dataset<?> pictures, InferenceOptions options, SparkMetrics metrics) {
    return of(pictures, options, "", Decoding.usual(), metrics);
  }

  /**
   * Captions that continue a prompt.
   *
   * @param prompt such as "a photo of"; may be empty
   * @throws IllegalArgumentException if a column is missing or of another type
   * @throws IllegalStateException if executors would not have the memory for the model
   */
  public static Dataset<Row> of(
      Dataset<?> pictures,
      InferenceOptions options,
      String prompt,
      Decoding decoding,
      SparkMetrics metrics) {
    return Pictures.with(pictures, options, new PictureWork.Caption(prompt, decoding), metrics);
  }
}
