package io.github.blip2j.spark;

import static io.github.blip2j.blip2.text.Arguments.required;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Runs that were stopped, continued: rows that a folder of parquet has already are left out, so
 * that each picture has one row in the end, wherever the run was stopped.
 *
 * <p>Spark shows the rows of a job when the job ends, and drops those of a job that was stopped. So
 * long work is cut into slices, each a job of its own that adds to the folder.
 */
public final class Restarts {
  private Restarts() {}

  /**
   * The pictures that a folder has no row of, with an error or without one.
   *
   * @param pictures best a table of paths: of bytes, Spark would read all to compare their paths
   * @param output a folder of parquet, which need not be there
   * @param key the column that names a picture in both
   */
  public static Dataset<Row> missing(Dataset<Row> pictures, String output, String key) {
    required("spark", "pictures", pictures);
    SparkSession spark = pictures.sparkSession();
    if (!hasRows(spark, output)) {
      return pictures;
    }
    Dataset<Row> done = spark.read().parquet(output).select(key).distinct();
    return pictures.join(done, new String[] {key}, "left_anti");
  }

  /**
   * One of {@code count} parts of about the same size, by a hash of the key: the same parts in each
   * run.
   *
   * @param index from 0 on
   */
  public static Dataset<Row> slice(Dataset<Row> pictures, String key, int index, int count) {
    if (count < 1 || index < 0 || index >= count) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "spark: slice expected 0 to %d of 1 or more, got %d of %d",
              count - 1,
              index,
              count));
    }
    return pictures.filter(
        functions
            .pmod(functions.xxhash64(functions.col(key)), functions.lit((long) count))
            .equalTo(functions.lit((long) index)));
  }

  /**
   * Does some work slice by slice, each time on what is missing, and adds its rows to a folder. The
   * same call continues a run that was stopped. Two runs at the same time must not share a folder.
   *
   * @param pictures each key once
   * @param key the column that names a picture; the work must keep it
   * @param slices as many as there may be minutes or hours between two points of return
   * @param work such as {@code paths -> Captions.of(paths, options)}
   */
  public static void run(
      Dataset<Row> pictures,
      String output,
      String key,
      int slices,
      UnaryOperator<Dataset<Row>> work) {
    for (int slice = 0; slice < slices; slice++) {
      Dataset<Row> left = missing(slice(pictures, key, slice, slices), output, key);
      if (!left.isEmpty()) {
        work.apply(left).write().mode("append").parquet(output);
      }
    }
  }

  /** Whether a job has ended that wrote there: what is not ready begins with {@code _}. */
  private static boolean hasRows(SparkSession spark, String output) {
    try {
      var folder = new Path(output);
      FileStatus[] files =
          folder.getFileSystem(spark.sparkContext().hadoopConfiguration()).listStatus(folder);
      for (FileStatus file : files) {
        String name = file.getPath().getName();
        if (!name.startsWith("_") && !name.startsWith(".")) {
          return true;
        }
      }
      return false;
    } catch (FileNotFoundException e) {
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(
          "spark: readable folder expected at " + output + ", got " + e, e);
    }
  }
}
