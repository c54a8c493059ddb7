package io.github.blip2j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Scripts that the documents start by their names are there and may be started. */
final class ScriptsTest {
  private static final Path ROOT = Path.of("..");

  /** The first word of a line, or what follows variables. */
  private static final Pattern STARTED =
      Pattern.compile("^ *(?:[A-Z0-9_]+=\\S+ +)*((?:tools|bin)/[\\w./-]+)", Pattern.MULTILINE);

  @Test
  void everyScriptThatADocumentStarts_mayBeStarted() throws IOException {
    Set<String> started = new TreeSet<>();
    for (Path document : documents()) {
      STARTED
          .matcher(Files.readString(document))
          .results()
          .map((MatchResult found) -> found.group(1))
          .forEach(started::add);
    }

    assertFalse(started.isEmpty(), "scripts expected in the documents, got none");
    assertEquals(
        List.of(),
        started.stream().filter(script -> !Files.isExecutable(ROOT.resolve(script))).toList());
  }

  private static List<Path> documents() throws IOException {
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"));
        Stream<Path> tools = Files.walk(ROOT.resolve("tools"))) {
      return Stream.concat(Stream.of(ROOT.resolve("README.md")), Stream.concat(docs, tools))
          .filter(file -> file.toString().endsWith(".md"))
          .collect(Collectors.toList());
    }
  }
}
