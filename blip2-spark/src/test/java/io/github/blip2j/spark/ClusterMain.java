package io.github.blip2j.spark;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * A driver with executors in processes of their own: {@code ClusterMain PICTURES OUTPUT KILL}. With
 * {@code KILL} true, one executor is killed when it has begun to caption.
 */
final class ClusterMain {
  private ClusterMain() {}

  /** Runs in a process whose {@code SPARK_HOME} has a folder {@code jars}. */
  public static void main(String[] args) throws IOException, InterruptedException {
    SparkSession spark =
        SparkSession.builder()
            .master("local-cluster[2,1,2048]")
            .appName("cluster")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.executor.memory", "1g")
            .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
            .config("spark.executor.extraJavaOptions", "-Djava.awt.headless=true")
            .getOrCreate();
    Dataset<Row> pictures = spark.read().format("binaryFile").load(args[0]).repartition(12);
    SparkMetrics metrics = SparkMetrics.of(spark);
    boolean kills = Boolean.parseBoolean(args[2]);
    var killer =
        new Thread(
            () -> {
              if (kills) {
                killWhenBusy(metrics);
              }
            });
    killer.setDaemon(true);
    killer.start();
    InferenceOptions options = InferenceOptions.of(ModelSource.bundled()).withBatchSize(2);
    Captions.of(pictures, options, "", new Decoding(1, 3), metrics).write().parquet(args[1]);
    killer.join(TimeUnit.SECONDS.toMillis(1));
    Dataset<Row> rows = spark.read().parquet(args[1]);
    Files.write(
        Path.of(args[1] + ".txt"),
        rows
            .select(functions.concat_ws("|", functions.col("path"), functions.col("caption")))
            .collectAsList()
            .stream()
            .map(row -> row.getString(0))
            .sorted()
            .toList());
    Files.writeString(
        Path.of(args[1] + ".metrics"),
        String.format(Locale.ROOT, "%d %d", metrics.modelLoads(), metrics.pictures()));
    spark.stop();
  }

  /** Kills the first executor, once tasks have ended. */
  private static void killWhenBusy(SparkMetrics metrics) {
    try {
      while (metrics.pictures() == 0) {
        Thread.sleep(20);
      }
    } catch (InterruptedException e) {
      return;
    }
    List<ProcessHandle> executors = new ArrayList<>();
    ProcessHandle.current().descendants().filter(ClusterMain::isExecutor).forEach(executors::add);
    Optional<ProcessHandle> first = executors.stream().findFirst();
    if (executors.size() != 2 || !first.orElseThrow().destroyForcibly()) {
      throw new IllegalStateException("two executors expected, got " + executors);
    }
    System.err.println("killed executor " + first.orElseThrow().pid());
  }

  /** Java does not tell a command line as long as this one. */
  private static boolean isExecutor(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"), ISO_8859_1)
          .contains("CoarseGrainedExecutorBackend");
    } catch (IOException e) { // it has just ended
      return false;
    }
  }
}
