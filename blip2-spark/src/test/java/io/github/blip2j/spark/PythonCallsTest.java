package io.github.blip2j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import py4j.reflection.MethodInvoker;
import py4j.reflection.ReflectionEngine;

/** The calls of the Python example, as PySpark makes them: by py4j's choice of methods. */
final class PythonCallsTest {
  private final ReflectionEngine python = new ReflectionEngine();

  private Object call(Object on, String method, Object... arguments) {
    MethodInvoker invoker = python.getMethod(on, method, arguments);
    return python.invoke(on, invoker, arguments);
  }

  @Test
  void example_captionsPictures(@TempDir Path folder) throws IOException {
    String page = Files.readString(Path.of("..", "docs", "spark.md"));
    for (String line :
        List.of(
            "spark._jvm.io.github.blip2j.spark.Blip2Captioner().setBatchSize(8)",
            "spark.read.format(\"binaryFile\").load(",
            "JavaTransformer(captioner).transform(pictures)")) {
      assertTrue(page.contains(line), "docs/spark.md: " + line + " expected");
    }
    LocalSpark.write(folder, 3, 24, 24);
    SparkSession spark = LocalSpark.session();

    MethodInvoker made = python.getConstructor(Blip2Captioner.class.getName(), new Object[0]);
    Object captioner = call(python.invoke(null, made, new Object[0]), "setBatchSize", 8);
    Object reader = call(call(spark, "read"), "format", "binaryFile");
    Object pictures = call(reader, "load", folder.toString());
    var captions = (Dataset<?>) call(captioner, "transform", pictures);

    List<String> columns = Arrays.asList(captions.columns());
    assertTrue(columns.containsAll(List.of("path", "caption", "error")), columns::toString);
    List<?> rows = captions.select("caption", "error").collectAsList();
    assertEquals(3, rows.size());
    rows.forEach(row -> assertTrue(((Row) row).isNullAt(1), row::toString));
  }
}
