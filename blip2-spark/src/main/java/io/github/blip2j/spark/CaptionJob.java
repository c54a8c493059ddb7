package io.github.blip2j.spark;

import io.github.blip2j.tensor.types.Precision;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Captions a folder of pictures into a folder of parquet, for {@code spark-submit}. The same
 * command continues a run that was stopped.
 *
 * <pre>
 * spark-submit --class io.github.blip2j.spark.CaptionJob --jars ... blip2-spark.jar PICTURES OUTPUT
 *     [--model FOLDER] [--precision float32|bfloat16|int8] [--batch 8] [--partitions 16] [--slices 1]
 * </pre>
 *
 * <p>{@code PICTURES} is a folder, with the folders in it, or a folder of parquet with a column
 * {@code path} where {@code --paths parquet} says so.
 */
public final class CaptionJob {
  private static final Logger LOG = LoggerFactory.getLogger(CaptionJob.class);
  private static final String PATH = "path";
  private static final List<String> OPTIONS =
      List.of("--model", "--precision", "--batch", "--partitions", "--slices", "--paths");

  private CaptionJob() {}

  /** See the class. */
  public static void main(String[] args) {
    Map<String, String> given = options(args);
    SparkSession spark = SparkSession.builder().appName("BLIP-2 captions").getOrCreate();
    SparkMetrics metrics = SparkMetrics.of(spark);
    var model =
        new ModelSource(
            given.getOrDefault("--model", ""),
            Precision.named(given.getOrDefault("--precision", "float32")));
    InferenceOptions options =
        InferenceOptions.of(model)
            .withInput(PATH)
            .withBatchSize(number(given, "--batch", InferenceOptions.DEFAULT_BATCH_SIZE));
    int partitions = number(given, "--partitions", spark.sparkContext().defaultParallelism());
    Dataset<Row> paths =
        given.getOrDefault("--paths", "files").equals("parquet")
            ? spark.read().parquet(args[0]).select(PATH)
            : PicturePaths.in(spark, args[0]);
    Restarts.run(
        paths,
        args[1],
        PATH,
        number(given, "--slices", 1),
        left -> Captions.of(left.repartition(partitions), options, metrics));
    LOG.info("done: {}", metrics);
    spark.stop();
  }

  private static Map<String, String> options(String[] args) {
    if (args.length < 2 || args.length % 2 != 0) {
      throw new IllegalArgumentException(
          "spark: PICTURES, OUTPUT and options with a value each expected, got " + List.of(args));
    }
    Map<String, String> given = new HashMap<>();
    for (int i = 2; i < args.length; i += 2) {
      if (!OPTIONS.contains(args[i])) {
        throw new IllegalArgumentException(
            String.format(Locale.ROOT, "spark: one of %s expected, got %s", OPTIONS, args[i]));
      }
      given.put(args[i], args[i + 1]);
    }
    return given;
  }

  private static int number(Map<String, String> given, String option, int usual) {
    String value = given.getOrDefault(option, Integer.toString(usual));
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          String.format(Locale.ROOT, "spark: %s expected a number, got %s", option, value), e);
    }
  }
}
