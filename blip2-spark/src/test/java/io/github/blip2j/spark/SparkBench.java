package io.github.blip2j.spark;

import com.sun.management.OperatingSystemMXBean;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.captions.CaptionExport;
import io.github.blip2j.vision.image.ImageFiles;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Captions by Spark in this process against the library's own loop, on the same pictures and with
 * the same model, in turns.
 *
 * <pre>
 * SparkBench compare PICTURES MODEL|bundled ROUNDS THREADS   rates, and their ratio in the median
 * SparkBench many FOLDER MODEL COUNT                         makes COUNT pictures and captions them
 * </pre>
 */
final class SparkBench {
  private SparkBench() {}

  /** See the class. */
  public static void main(String[] args) throws IOException {
    SparkSession spark = LocalSpark.session();
    spark.sparkContext().setLogLevel("WARN");
    if (args[0].equals("many")) {
      many(spark, Path.of(args[1]), args[2], Integer.parseInt(args[3]));
    } else {
      compare(
          spark, Path.of(args[1]), args[2], Integer.parseInt(args[3]), Integer.parseInt(args[4]));
    }
    spark.stop();
  }

  private static ModelSource source(String model) {
    return model.equals("bundled") ? ModelSource.bundled() : ModelSource.at(model);
  }

  private static void compare(
      SparkSession spark, Path pictures, String model, int rounds, int threads) throws IOException {
    List<Path> files = ImageFiles.in(pictures);
    InferenceOptions options = InferenceOptions.of(source(model)).withModelThreads(threads);
    Path out = Files.createTempDirectory("spark-bench");
    double[] ratios = new double[rounds];
    try (Blip2 blip2 = model.equals("bundled") ? Blip2.bundled() : Blip2.load(Path.of(model))) {
      CaptionExport.of(blip2).toJsonLines(files.subList(0, 16), out.resolve("warm"));
      spark(spark, pictures, options, files.size(), out.resolve("warm-spark"));
      for (int round = 0; round < rounds; round++) {
        long cpu = cpuNanos();
        long start = System.nanoTime();
        CaptionExport.of(blip2).toJsonLines(files, out.resolve("loop" + round));
        double loop = files.size() / ((System.nanoTime() - start) / 1e9);
        long between = cpuNanos();
        double rate = spark(spark, pictures, options, files.size(), out.resolve("spark" + round));
        ratios[round] = rate / loop;
        System.out.printf(
            Locale.ROOT,
            "loop %.2f, Spark %.2f pictures/s, ratio %.3f; CPU %.1f and %.1f ms a picture%n",
            loop,
            rate,
            rate / loop,
            (between - cpu) / 1e6 / files.size(),
            (cpuNanos() - between) / 1e6 / files.size());
      }
    }
    Arrays.sort(ratios);
    System.out.printf(Locale.ROOT, "median ratio %.3f%n", ratios[rounds / 2]);
  }

  /** Of this process, which says more than the clock on a machine with other work. */
  private static long cpuNanos() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime();
  }

  private static double spark(
      SparkSession spark, Path pictures, InferenceOptions options, int count, Path output) {
    SparkMetrics metrics = SparkMetrics.of(spark);
    long start = System.nanoTime();
    Dataset<Row> files = spark.read().format("binaryFile").load(pictures.toString());
    Captions.of(files.repartition(2), options, metrics).write().parquet(output.toString());
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.println(metrics);
    return count / seconds;
  }

  private static void many(SparkSession spark, Path folder, String model, int count)
      throws IOException {
    Path pictures = folder.resolve("in");
    long start = System.nanoTime();
    if (!Files.exists(pictures)) {
      LocalSpark.write(pictures, count, 24, 24);
    }
    System.out.printf(Locale.ROOT, "made in %.0f s%n", (System.nanoTime() - start) / 1e9);
    start = System.nanoTime();
    SparkMetrics metrics = SparkMetrics.of(spark);
    Dataset<Row> paths = PicturePaths.in(spark, pictures.toString()).repartition(16).cache();
    long listed = paths.count();
    System.out.printf(
        Locale.ROOT, "%d listed in %.0f s%n", listed, (System.nanoTime() - start) / 1e9);
    start = System.nanoTime();
    InferenceOptions options =
        InferenceOptions.of(source(model)).withInput("path").withBatchSize(32).withModelThreads(2);
    String output = folder.resolve("out").toString();
    Restarts.run(
        paths,
        output,
        "path",
        4,
        left -> Captions.of(left, options, "", new Decoding(1, 4), metrics));
    double seconds = (System.nanoTime() - start) / 1e9;
    Dataset<Row> rows = spark.read().parquet(output).cache();
    System.out.printf(
        Locale.ROOT,
        "%.0f s, %.0f pictures/s, %d rows, %d distinct, %d captions, %d errors; %s%n",
        seconds,
        count / seconds,
        rows.count(),
        rows.select("path").distinct().count(),
        rows.filter("caption is not null and error is null").count(),
        rows.filter("error is not null and caption is null").count(),
        metrics);
  }
}
