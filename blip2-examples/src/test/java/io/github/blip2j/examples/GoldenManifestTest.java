package io.github.blip2j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** {@code tools/golden/README.md} says of all golden data what it holds and what wrote it. */
final class GoldenManifestTest {
  private static final Path ROOT = Path.of("..");
  private static final Path TOOLS = ROOT.resolve("tools/golden");

  /** A row of a table: a folder or file, and the script in the second cell. */
  private static final Pattern ROW =
      Pattern.compile("^\\| `(blip2-[^`]+)` \\|([^|]*)\\|", Pattern.MULTILINE);

  private static final Pattern SCRIPT = Pattern.compile("`([a-z0-9_]+\\.py)`");

  @Test
  void everyFolderOfTestResources_hasARow() throws IOException {
    Set<String> without = folders();
    rows().forEach(row -> without.remove(row.group(1)));

    assertEquals(Set.of(), without);
  }

  @Test
  void everyRow_isOfSomethingThatExists() throws IOException {
    List<String> rows = rows().map(row -> row.group(1)).toList();

    assertEquals(Set.copyOf(rows).size(), rows.size(), "one row for each expected, got " + rows);
    assertEquals(List.of(), rows.stream().filter(row -> !Files.exists(ROOT.resolve(row))).toList());
  }

  @Test
  void everyScriptOfARow_exists() throws IOException {
    Set<String> named = rows().flatMap(row -> scripts(row.group(2))).collect(Collectors.toSet());

    assertFalse(named.isEmpty(), "scripts expected in the manifest, got none");
    assertEquals(
        List.of(), named.stream().filter(name -> !Files.exists(TOOLS.resolve(name))).toList());
  }

  @Test
  void everyRow_namesAScriptOrSaysThatThereIsNone() throws IOException {
    List<String> silent =
        rows()
            .filter(row -> scripts(row.group(2)).findAny().isEmpty())
            .filter(row -> !row.group(2).strip().equals("none"))
            .map(row -> row.group(1))
            .toList();

    assertEquals(List.of(), silent);
  }

  @Test
  void everyScript_isInTheManifest() throws IOException {
    String manifest = manifest();
    try (Stream<Path> files = Files.list(TOOLS)) {
      List<String> unknown =
          files
              .map(GoldenManifestTest::name)
              .filter(name -> name.endsWith(".py") && !manifest.contains("`" + name + "`"))
              .toList();

      assertEquals(List.of(), unknown);
    }
  }

  private static Stream<MatchResult> rows() throws IOException {
    return ROW.matcher(manifest()).results();
  }

  private static Stream<String> scripts(String cell) {
    return SCRIPT.matcher(cell).results().map(script -> script.group(1));
  }

  private static String manifest() throws IOException {
    return Files.readString(TOOLS.resolve("README.md"));
  }

  /** Folders directly under the test resources of a module, and under their {@code golden}. */
  private static Set<String> folders() throws IOException {
    Set<String> folders = new TreeSet<>();
    for (Path module : subfolders(ROOT)) {
      Path resources = module.resolve("src/test/resources");
      if (name(module).startsWith("blip2-") && Files.isDirectory(resources)) {
        for (Path folder : subfolders(resources)) {
          if (!Set.of("golden", "META-INF").contains(name(folder))) { // services are no data
            folders.add(unixPath(folder));
          }
        }
        Path golden = resources.resolve("golden");
        if (Files.isDirectory(golden)) {
          subfolders(golden).forEach(folder -> folders.add(unixPath(folder)));
        }
      }
    }
    return folders;
  }

  private static List<Path> subfolders(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.filter(Files::isDirectory).toList();
    }
  }

  private static String unixPath(Path folder) {
    return ROOT.relativize(folder).toString().replace('\\', '/');
  }

  private static String name(Path file) {
    return Objects.requireNonNull(file.getFileName()).toString();
  }
}
