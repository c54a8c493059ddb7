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
  private static final Path EXAMPLES = Path.of("src/main/java/io/github/blip2j/examples");
  private static final Pattern JAVA = Pattern.compile("(?ms)^```java\\R(.*?)^```$");
  private static final Pattern COMMENT = Pattern.compile("(?m) *//.*$");
  private static final Pattern INDENT = Pattern.compile("(?m)^ +");

  /** Each block stands in the program that it is taken from, comments and indents apart. */
  @Test
  void javaBlocks_standInTheirPrograms() throws IOException {
    List<String> programs = List.of("Tour.java", "TrainStage1.java");

    List<String> blocks =
        JAVA.matcher(Files.readString(README)).results().map(found -> found.group(1)).toList();

    assertEquals(programs.size(), blocks.size(), "Java blocks in the README");
    for (int i = 0; i < programs.size(); i++) {
      String block = code(blocks.get(i));
      String program = programs.get(i);
      String source = code(Files.readString(EXAMPLES.resolve(program)));

      assertTrue(block.lines().count() > 5, program + ": more than 5 lines expected of its block");
      assertTrue(
          source.contains(block),
          () -> "in " + program + " expected:\n" + block + "got:\n" + source);
    }
  }

  @Test
  void code_hasNoCommentsAndNoIndents() {
    assertEquals("f();\n\ng();\n", code("  f(); // a comment\n\n    g();\n"));
  }

  private static String code(String java) {
    return INDENT.matcher(COMMENT.matcher(java).replaceAll("")).replaceAll("");
  }
}
