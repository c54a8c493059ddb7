package io.github.blip2j.spark;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CaptionsTest {
  private static final InferenceOptions OPTIONS = InferenceOptions.of(ModelSource.bundled());
  private static final int COUNT = 160; // of which two are broken
  private static final SparkSession SPARK = LocalSpark.session();

  @TempDir private static Path folder;

  @BeforeAll
  static void pictures() throws IOException {
    assertEquals(2, LocalSpark.write(folder.resolve("in"), COUNT, 48, 40));
  }

  private static Dataset<Row> files() {
    return SPARK.read().format("binaryFile").load(folder.resolve("in").toString()).repartition(4);
  }

  /** Texts by the names of files. */
  private static Map<String, Row> byName(Dataset<Row> captions) {
    Map<String, Row> rows = new TreeMap<>();
    for (Row row : captions.collectAsList()) {
      String path = row.getAs("path");
      assertNull(rows.put(path.substring(path.lastIndexOf('/') + 1), row), path + " twice");
    }
    return rows;
  }

  @Test
  void captions_areThoseOfTheLibrary_andBrokenPicturesAreRows() throws IOException {
    SparkMetrics metrics = SparkMetrics.of(SPARK);

    Dataset<Row> captions = Captions.of(files(), OPTIONS, metrics);
    Map<String, Row> rows = byName(captions);

    assertEquals(
        List.of("path", "modificationTime", "length", "caption", "error"),
        Arrays.asList(captions.columns()));
    assertEquals(COUNT, rows.size());
    List<Image> images = new ArrayList<>();
    List<String> names = new ArrayList<>();
    try (Blip2 blip2 = Blip2.bundled()) {
      for (String name : rows.keySet()) {
        if (!List.of("000050.png", "000150.png").contains(name)) {
          images.add(blip2.read(folder.resolve("in").resolve(name)));
          names.add(name);
        }
      }
      List<String> expected = blip2.captions(images);
      for (int i = 0; i < names.size(); i++) {
        Row row = requireNonNull(rows.get(names.get(i)));
        assertEquals(expected.get(i), row.getAs("caption"), names.get(i));
        assertNull(row.getAs("error"), names.get(i));
      }
    }
    Row text = requireNonNull(rows.get("000050.png"));
    Row cut = requireNonNull(rows.get("000150.png"));
    assertNull(text.getAs("caption"));
    assertTrue(text.<String>getAs("error").contains("000050.png: image expected"), text::toString);
    assertTrue(cut.<String>getAs("error").contains("truncated PNG"), cut::toString);
    assertEquals(COUNT, metrics.pictures());
    assertEquals(2, metrics.errors());
    assertTrue(metrics.modelLoads() <= 1, metrics::toString); // another test may have loaded it
    assertTrue(metrics.modelSeconds() > 0 && metrics.decodingSeconds() > 0, metrics::toString);
    assertTrue(metrics.waitingSeconds() > 0, metrics::toString); // for the first pictures
  }

  @Test
  void model_isLoadedOnce_whateverTheNumberOfTasks() {
    SparkMetrics metrics = SparkMetrics.of(SPARK);
    // Two model threads: a model of its own, which no other test has loaded.
    InferenceOptions options = OPTIONS.withModelThreads(2).withBatchSize(3);

    long rows = Captions.of(files().limit(40).repartition(8), options, metrics).count();

    assertEquals(40, rows);
    assertEquals(1, metrics.modelLoads());
  }

  @Test
  void paths_areReadByTheTasks() {
    Dataset<Row> paths = files().select("path").orderBy("path").limit(20);
    Dataset<Row> missing =
        SPARK.createDataFrame(
            List.of(
                RowFactory.create(folder.resolve("none.png").toString()),
                RowFactory.create(folder.toString()),
                RowFactory.create((Object) null)),
            new StructType().add("path", DataTypes.StringType));

    List<Row> rows =
        Captions.of(paths.union(missing), OPTIONS.withInput("path"))
            .orderBy("path")
            .collectAsList();

    assertEquals(23, rows.size());
    assertEquals("path: picture expected, got null", rows.get(0).getAs("error"));
    assertTrue(
        rows.get(1).<String>getAs("error").endsWith("bytes expected, got a folder"),
        rows.get(1)::toString);
    assertEquals(
        folder.resolve("none.png") + ": a file expected, got none; check the path",
        rows.get(2).getAs("error"));
    for (Row row : rows.subList(3, 23)) {
      assertNotNull(row.getAs("caption"), row::toString);
    }
  }

  @Test
  void bytesWithoutAPath_nullsAndHugePictures_areRows() {
    Dataset<Row> table =
        SPARK.createDataFrame(
            List.of(
                RowFactory.create(1, LocalSpark.png(1, 40, 40)),
                RowFactory.create(2, null),
                RowFactory.create(3, LocalSpark.png(3, 60, 50))),
            new StructType().add("id", DataTypes.IntegerType).add("picture", DataTypes.BinaryType));

    List<Row> rows =
        Captions.of(table, OPTIONS.withInput("picture").withMaxPixels(2000).withOutput("said"))
            .orderBy("id")
            .collectAsList();

    assertNotNull(rows.get(0).getAs("said"));
    assertEquals("picture: picture expected, got null", rows.get(1).getAs("error"));
    assertTrue(
        rows.get(2).<String>getAs("error").contains("at most 2000 pixels"), rows.get(2)::toString);
  }

  @Test
  void inputs_stayIfAsked_andParquetHoldsThem() {
    Path output = folder.resolve("kept");
    Captions.of(files().limit(5), OPTIONS.keepingInput()).write().parquet(output.toString());

    Dataset<Row> again = SPARK.read().parquet(output.toString());
    Dataset<Row> second = Captions.of(again, OPTIONS.withOutput("again").withError("fault"));

    for (Row row : second.collectAsList()) {
      assertEquals(row.<String>getAs("caption"), row.<String>getAs("again"));
    }
  }

  @Test
  void prompt_beginsTheCaption() {
    List<Row> usual = Captions.of(files().limit(4), OPTIONS).collectAsList();
    List<Row> shorter =
        Captions.of(
                files().limit(4), OPTIONS, "a photo of", new Decoding(1, 1), SparkMetrics.of(SPARK))
            .collectAsList();

    assertEquals(4, usual.size());
    for (Row row : shorter) {
      String caption = row.getAs("caption");
      assertTrue(caption.strip().split(" ").length <= 1, caption);
    }
  }

  @Test
  void model_thatIsNotThere_isToldAtTheDriver() {
    Exception e =
        assertThrows(
            Exception.class,
            () -> Captions.of(files(), InferenceOptions.of(ModelSource.at("/no/model"))));

    assertTrue(
        LocalSpark.message(e)
            .startsWith("spark: model expected at /no/model on driver and executors"),
        e::toString);
  }

  @Test
  void weights_thatAreNotTheDrivers_endTheJob() {
    PictureWork work = new PictureWork.Caption("", Decoding.usual());
    Dataset<Row> files = files();
    PictureTable table = PictureTable.of(files.schema(), OPTIONS, work);
    var function =
        new PictureFunction(
            OPTIONS,
            work,
            table,
            "0123456789abcdef",
            new SerializableConfiguration(SPARK.sparkContext().hadoopConfiguration()),
            SparkMetrics.of(SPARK));
    Dataset<Row> captions = files.mapPartitions(function, Encoders.row(table.schema()));

    Exception e = assertThrows(Exception.class, captions::count);

    assertTrue(e instanceof SparkException || e.getCause() instanceof SparkException, e::toString);
    Throwable told = e;
    while (told.getCause() != null) {
      told = told.getCause();
    }
    assertTrue(
        LocalSpark.message(told)
            .startsWith(
                "spark: weights of the bundled model expected to be the driver's (0123456789ab),"
                    + " got others on "),
        told::toString);
    assertTrue(
        LocalSpark.message(told).endsWith("put the same files on every machine"), told::toString);
  }

  @Test
  void rowsThatNobodyWants_stopTheWork() throws IOException {
    Path many = folder.resolve("many");
    Files.createDirectories(many);
    Dataset<Row> endless =
        SPARK
            .range(0, 1_000_000, 1, 2)
            .selectExpr("cast(id as string) as path", "unhex('00') as content");

    List<Row> rows = Captions.of(endless, OPTIONS.withBatchSize(4)).limit(3).collectAsList();

    assertEquals(3, rows.size());
  }
}
