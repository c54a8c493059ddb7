package io.github.blip2j.spark;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * How well texts describe the pictures of a data set, in a column {@code match} of {@code itc},
 * {@code itm_logit} and {@code itm_probability} (see {@link io.github.blip2j.blip2.text.Match});
 * otherwise as {@link Captions}.
 */
public final class Matches {
  private Matches() {}

  /** Scores with one text, or with that of each row. */
  public static Dataset<Row> of(Dataset<?> pictures, TextSource text, InferenceOptions options) {
    return of(pictures, text, options, SparkMetrics.of(pictures.sparkSession()));
  }

  /**
   * The same, counted.
   *
   * @throws IllegalArgumentException if a column is missing or of another type
   * @throws IllegalStateException if executors would not have the memory for the model
   */
  public static Dataset<Row> of(
      Dataset<?> pictures, TextSource text, InferenceOptions options, SparkMetrics metrics) {
    return Pictures.with(pictures, options, new PictureWork.Matching(text), metrics);
  }
}
