package io.github.blip2j.spark;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Answers to questions about the pictures of a data set, in a column {@code answer}; otherwise as
 * {@link Captions}. A row without a question is a row with an error.
 */
public final class Answers {
  private Answers() {}

  /** Answers to one question, or to that of each row. */
  public static Dataset<Row> of(
      Dataset<?> pictures, TextSource question, InferenceOptions options) {
    SparkMetrics metrics = SparkMetrics.of(pictures.sparkSession());
    return of(pictures, question, options, Decoding.usual(), metrics);
  }

  /**
   * The same, with another decoding and counted.
   *
   * @throws IllegalArgumentException if a column is missing or of another type
   * @throws IllegalStateException if executors would not have the memory for the model
   */
  public static Dataset<Row> of(
      Dataset<?> pictures,
      TextSource question,
      InferenceOptions options,
      Decoding decoding,
      SparkMetrics metrics) {
    return Pictures.with(pictures, options, new PictureWork.Answer(question, decoding), metrics);
  }
}
