package io.github.blip2j.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles the Java blocks of the page on Spark, which the module of examples cannot. */
final class SparkDocsTest {
  private static final Pattern BLOCK =
      Pattern.compile("<!-- java: with (.+?) -->\\s*```java\\n(.*?)```", Pattern.DOTALL);

  private static final String IMPORTS =
      "import io.github.blip2j.search.*; import io.github.blip2j.spark.*;"
          + "import io.github.blip2j.tensor.types.Precision; import java.nio.file.Path;"
          + "import org.apache.spark.ml.*; import org.apache.spark.sql.*;";

  @Test
  void blocks_compile(@TempDir Path classes) throws IOException {
    String page = Files.readString(Path.of("..", "docs", "spark.md"));
    List<String> problems = new ArrayList<>();
    int blocks = 0;
    Matcher found = BLOCK.matcher(page);
    while (found.find()) {
      blocks++;
      String problem = errors(found.group(1), found.group(2), classes);
      if (!problem.isEmpty()) {
        problems.add(found.group(2) + problem);
      }
    }

    assertEquals(List.of(), problems);
    assertEquals(page.split("```java\n", -1).length - 1, blocks);
    assertTrue(blocks >= 3, "blocks: " + blocks);
  }

  @Test
  void block_withAWrongName_doesNotCompile(@TempDir Path classes) {
    assertTrue(errors("SparkSession spark", "spark.raed();", classes).contains("raed"));
  }

  private static String errors(String known, String code, Path classes) {
    String source =
        IMPORTS + "class Document {" + known + "; void block() throws Exception {" + code + "}}";
    JavaCompiler compiler = Objects.requireNonNull(ToolProvider.getSystemJavaCompiler());
    var said = new StringWriter();
    List<String> options =
        List.of(
            "-d",
            classes.toString(),
            "-cp",
            System.getProperty("java.class.path"),
            "-proc:none",
            "-Xlint:none");
    var file =
        new SimpleJavaFileObject(
            URI.create("string:///Document.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    compiler.getTask(said, null, null, options, null, List.of(file)).call();
    return said.toString().contains("error:") ? said.toString() : "";
  }
}
