package io.github.blip2j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An executor that has other files at the model's place than the driver had. */
final class OtherModelTest {
  private static final Path MODEL =
      Path.of("..", "blip2-llm", "src", "test", "resources", "golden", "hf-opt");
  private static final SparkSession SPARK = LocalSpark.session();

  private final Path folder;

  OtherModelTest(@TempDir Path folder) {
    this.folder = folder;
  }

  private Path copy() throws IOException {
    Path model = Files.createDirectory(folder.resolve("model"));
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, model.resolve(file.getFileName().toString()));
      }
    }
    return model;
  }

  @Test
  void weights_otherThanTheDrivers_endTheJob() throws IOException {
    assertEquals(0, LocalSpark.write(folder.resolve("in"), 3, 16, 16));
    Path model = copy();
    Dataset<Row> captions =
        Captions.of(
            SPARK.read().format("binaryFile").load(folder.resolve("in").toString()),
            InferenceOptions.of(ModelSource.at(model.toString())));

    Path weights = model.resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(weights);
    bytes[bytes.length - 2] ^= 1;
    Files.write(weights, bytes);

    var e = assertThrows(SparkException.class, captions::collectAsList);
    String all = causes(e);
    assertTrue(all.contains("spark: weights of " + model + " expected to be the driver's ("), all);
    assertTrue(all.contains("put the same files on every machine"), all);
  }

  private static String causes(Throwable e) {
    return Stream.iterate(e, each -> each != null, Throwable::getCause)
        .map(String::valueOf)
        .toList()
        .toString();
  }

  @Test
  void weights_ofTheDriver_caption() throws IOException {
    assertEquals(0, LocalSpark.write(folder.resolve("in"), 3, 16, 16));

    List<Row> rows =
        Captions.of(
                SPARK.read().format("binaryFile").load(folder.resolve("in").toString()),
                InferenceOptions.of(ModelSource.at(copy().toString())))
            .collectAsList();

    assertEquals(3, rows.stream().filter(row -> row.getAs("error") == null).count());
  }
}
