package org.example.research;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The page for researchers shows the classes that are here, and counts their lines. */
final class PageTest {
  private static final Path PAGE = Path.of("..", "docs", "research.md");
  private static final Path SOURCES = Path.of("src", "test", "java", "org", "example", "research");

  private static final Pattern BLOCK =
      Pattern.compile("^```java\\R(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern TYPE =
      Pattern.compile("^(?:public )?(?:final class|record) (\\w+)", Pattern.MULTILINE);
  private static final Pattern ROW =
      Pattern.compile("^\\|.*\\| `(\\w+)` \\| (\\d+) \\|$", Pattern.MULTILINE);

  @Test
  void blocks_ofTypes_areTheSources() throws IOException {
    Map<String, String> shown = shown();

    assertEquals(
        List.of(
            "BestCheckpoint", "Diversity", "HandWrittenLoop", "Lion", "MaskedWords", "OneCycle"),
        List.copyOf(shown.keySet()));
    for (Map.Entry<String, String> block : shown.entrySet()) {
      assertEquals(source(block.getKey()), block.getValue(), block.getKey());
    }
  }

  @Test
  void table_countsTheLinesThatAreNotBlank() throws IOException {
    Map<String, Long> counted = new TreeMap<>();
    shown().forEach((name, block) -> counted.put(name, lines(block)));

    Map<String, Long> told = new TreeMap<>();
    Matcher row = ROW.matcher(page());
    while (row.find()) {
      told.put(row.group(1), Long.valueOf(row.group(2)));
    }
    assertEquals(counted, told);
  }

  /** Families are not shown, but counted. */
  @Test
  void families_haveAsManyLinesAsThePageSays() throws IOException {
    int found = 0;
    Matcher family = Pattern.compile("`(\\w+Family)`, (\\d+) lines").matcher(page());
    while (family.find()) {
      assertEquals(Long.parseLong(family.group(2)), lines(source(family.group(1))));
      found++;
    }
    assertEquals(3, found);
  }

  private static long lines(String code) {
    return code.lines().filter(line -> !line.isBlank()).count();
  }

  /** The page's types by name. */
  private static Map<String, String> shown() throws IOException {
    Map<String, String> types = new TreeMap<>();
    Matcher block = BLOCK.matcher(page());
    while (block.find()) {
      Matcher type = TYPE.matcher(block.group(1));
      if (type.find()) {
        types.put(type.group(1), block.group(1));
      }
    }
    return types;
  }

  /** A type from its declaration on. */
  private static String source(String name) throws IOException {
    String text = read(SOURCES.resolve(name + ".java"));
    Matcher type = TYPE.matcher(text);
    assertTrue(type.find(), name);
    return text.substring(type.start());
  }

  private static String page() throws IOException {
    return read(PAGE);
  }

  /** Windows may check files out with other ends of lines. */
  private static String read(Path file) throws IOException {
    return Files.readString(file).replace("\r\n", "\n");
  }
}
