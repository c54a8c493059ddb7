package io.github.blip2j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RestartsTest {
  private static final SparkSession SPARK = LocalSpark.session();
  private static final InferenceOptions OPTIONS =
      InferenceOptions.of(ModelSource.bundled()).withInput("path");

  @TempDir private Path folder;

  private Dataset<Row> paths(int count) throws IOException {
    LocalSpark.write(folder.resolve("in"), count, 32, 32);
    return PicturePaths.in(SPARK, folder.resolve("in").toString());
  }

  /** The third slice stops after it has shown some of its rows, as a driver that dies would. */
  @Test
  void run_thatWasStopped_endsWithOneRowForEachPicture() throws IOException {
    Dataset<Row> paths = paths(60);
    String output = folder.resolve("out").toString();
    AtomicInteger slices = new AtomicInteger();
    assertThrows(
        IllegalStateException.class,
        () ->
            Restarts.run(
                paths,
                output,
                "path",
                4,
                left -> {
                  if (slices.incrementAndGet() == 3) {
                    Captions.of(left.limit(3), OPTIONS).write().mode("append").parquet(output);
                    throw new IllegalStateException("stopped");
                  }
                  return Captions.of(left, OPTIONS);
                }));
    long before = SPARK.read().parquet(output).count();
    Files.createDirectories(Path.of(output, "_temporary", "0"));
    SparkMetrics metrics = SparkMetrics.of(SPARK);

    Restarts.run(paths, output, "path", 4, left -> Captions.of(left, OPTIONS, metrics));

    List<Row> rows = SPARK.read().parquet(output).collectAsList();
    Set<String> names = new HashSet<>();
    rows.forEach(row -> assertTrue(names.add(row.getAs("path")), row::toString));
    assertEquals(60, names.size());
    assertTrue(before > 3 && before < 60, "rows before the restart: " + before);
    assertEquals(60 - before, metrics.pictures());
    assertEquals(1, rows.stream().filter(row -> row.getAs("error") != null).count());
    assertEquals(0, Restarts.missing(paths, output, "path").count());
  }

  /** Spark's own sources leave out files without a byte, and nobody would hear of them. */
  @Test
  void paths_areThoseOfAllFiles_emptyOnesToo() throws IOException {
    Path in = folder.resolve("listed");
    Files.createDirectories(in.resolve("deep/er"));
    Files.write(in.resolve("deep/er/a b.png"), LocalSpark.png(1, 32, 32));
    Files.write(in.resolve("empty.png"), new byte[0]);
    Files.write(in.resolve(".hidden.png"), new byte[1]);
    Files.write(in.resolve("_SUCCESS"), new byte[0]);

    Dataset<Row> paths = PicturePaths.in(SPARK, in.toString());
    List<Row> rows = Captions.of(paths, OPTIONS).orderBy("path").collectAsList();

    assertEquals(2, rows.size());
    assertTrue(rows.get(0).<String>getAs("path").endsWith("deep/er/a b.png"), rows::toString);
    assertNull(rows.get(0).getAs("error"));
    assertTrue(rows.get(1).<String>getAs("error").contains("empty.png"), rows::toString);
  }

  @Test
  void missing_withoutOutput_isAll() throws IOException {
    Dataset<Row> paths = paths(5);
    Files.createDirectories(folder.resolve("empty/_temporary"));

    assertEquals(5, Restarts.missing(paths, folder.resolve("none").toString(), "path").count());
    assertEquals(5, Restarts.missing(paths, folder.resolve("empty").toString(), "path").count());
  }

  @Test
  void slices_areDisjointAndComplete() throws IOException {
    Dataset<Row> paths = paths(30);
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      Restarts.slice(paths, "path", i, 7).collectAsList().forEach(row -> all.add(row.getString(0)));
    }

    assertEquals(30, all.size());
    assertEquals(30, new HashSet<>(all).size());
    assertEquals(
        "spark: slice expected 0 to 6 of 1 or more, got 7 of 7",
        assertThrows(IllegalArgumentException.class, () -> Restarts.slice(paths, "path", 7, 7))
            .getMessage());
  }
}
