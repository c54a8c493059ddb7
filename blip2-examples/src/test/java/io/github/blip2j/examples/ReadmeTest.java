package io.github.blip2j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The README shows programs that compile. */
final class ReadmeTest {
  private static final Path README = Path.of("..", "README.md");
  private static final Path TOUR = Path.of("src/main/java/io/github/blip2j/examples/Tour.java");
  private static final Pattern JAVA = Pattern.compile("(?ms)^```java\\R(.*?)^```$");
  private static final int BODY = 4; // columns by which a method's body is indented

  @Test
  void javaBlock_standsInTheTour() throws IOException {
    List<String> blocks =
        JAVA.matcher(Files.readString(README)).results().map(found -> found.group(1)).toList();
    String source = Files.readString(TOUR);

    assertEquals(1, blocks.size(), "Java blocks in the README");
    String block = blocks.get(0).indent(BODY).replaceAll("(?m)^ +$", "");
    assertTrue(source.contains(block), () -> "in Tour expected:\n" + block + "got:\n" + source);
  }
}
