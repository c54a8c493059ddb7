package io.github.blip2j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.architecture.Sources.JavaFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Packages of all modules are small, and depend on each other one way. */
final class PackageDependenciesTest {
  private static final int MOST_TYPES = 30;
  private static final int FEWEST_PACKAGES = 15;

  /** A row of the tables of packages, of the first package that it names. */
  private static final Pattern INTERNAL =
      Pattern.compile("\\| `([a-z0-9.]+)`.* \\| .* \\| (?:mostly )?internal \\|");

  @Test
  void packages_haveNoDependencyCycle() {
    PackageGraph graph = PackageGraph.of(main());

    assertTrue(graph.types().size() >= FEWEST_PACKAGES, graph.types().toString());
    assertEquals(List.of(), named(graph.cycles()), () -> reasons(graph));
  }

  @Test
  void packages_areSmall() {
    Map<String, Integer> large = new TreeMap<>(PackageGraph.of(main()).types());
    large.values().removeIf(types -> types <= MOST_TYPES);

    assertEquals(Set.of(), large.keySet(), () -> "more than " + MOST_TYPES + " types: " + large);
  }

  @Test
  void cycle_throughOtherPackages_isFound() {
    PackageGraph graph =
        PackageGraph.of(
            List.of(
                file("a/One.java", "import io.github.blip2j.b.Two;"),
                file("b/Two.java", "import static io.github.blip2j.c.deep.Three.three;"),
                file("c/deep/Three.java", "  io.github.blip2j.a.One one;"),
                file("d/Four.java", "import io.github.blip2j.a.One;"),
                file("e/Five.java", "import io.github.blip2j.e.Six;", "import java.util.List;")));

    assertEquals(List.of("[a, b, c.deep]"), named(graph.cycles()));
    assertEquals(Set.of("a -> b by a/One.java"), graph.reasons("a", "b"));
  }

  @Test
  void comments_areNoDependencies() {
    PackageGraph graph =
        PackageGraph.of(
            List.of(
                file("a/One.java", "import io.github.blip2j.b.Two;"),
                file("a/package-info.java", "package io.github.blip2j.a;"),
                file(
                    "b/Two.java",
                    "/** As {@link io.github.blip2j.a.One}. */",
                    "  // io.github.blip2j.a.One",
                    " * {@link io.github.blip2j.a.One}")));

    assertEquals(List.of(), named(graph.cycles()));
    assertEquals(Map.of("a", 1, "b", 1), graph.types());
  }

  /** The page of the architecture and the Javadoc agree about what users should not use. */
  @Test
  void packages_calledInternalInTheArchitecture_sayItInTheirJavadoc() throws IOException {
    Set<String> silent = new TreeSet<>();
    Path docs = Path.of("..", "docs", "architecture.md");
    for (String row : Files.readAllLines(docs)) {
      Matcher internal = INTERNAL.matcher(row);
      if (internal.matches()) {
        String name = internal.group(1).replace('.', '/') + "/package-info.java";
        JavaFile info =
            main().stream().filter(file -> file.path().equals(name)).findFirst().orElseThrow();
        if (!String.join(" ", info.lines()).toLowerCase(Locale.ROOT).contains("internal")) {
          silent.add(internal.group(1));
        }
      }
    }

    assertEquals(Set.of(), silent);
  }

  private static List<JavaFile> main() {
    return Sources.all().stream().filter(JavaFile::isMain).toList();
  }

  private static JavaFile file(String path, String... lines) {
    return new JavaFile("made-up", path, true, List.of(lines));
  }

  private static List<String> named(Set<Set<String>> cycles) {
    return cycles.stream().map(cycle -> new TreeSet<>(cycle).toString()).sorted().toList();
  }

  private static String reasons(PackageGraph graph) {
    List<String> reasons = new ArrayList<>();
    for (Set<String> cycle : graph.cycles()) {
      for (String from : cycle) {
        for (String to : cycle) {
          reasons.addAll(graph.reasons(from, to));
        }
      }
    }
    return String.join("\n", reasons);
  }

  /**
   * The dependencies between packages, named without the base package.
   *
   * @param types number of top-level types of each, without {@code package-info}
   * @param dependencies for each package the packages it depends on, with the files that do
   */
  private record PackageGraph(
      Map<String, Integer> types, Map<String, Map<String, Set<String>>> dependencies) {
    private static final Pattern NAME =
        Pattern.compile("\\bio\\.github\\.blip2j\\.((?:[a-z][a-z0-9_]*\\.)+)[A-Z]");
    private static final Pattern COMMENT = Pattern.compile("^\\s*(/\\*|\\*|//).*");

    static PackageGraph of(List<JavaFile> files) {
      Map<String, Integer> types = new TreeMap<>();
      Map<String, Map<String, Set<String>>> dependencies = new TreeMap<>();
      for (JavaFile file : files) {
        int slash = file.path().lastIndexOf('/');
        String own = slash < 0 ? "" : file.path().substring(0, slash).replace('/', '.');
        if (!file.path().endsWith("-info.java")) {
          types.merge(own, 1, Integer::sum);
        }
        for (String line : file.lines()) {
          if (COMMENT.matcher(line).matches()) {
            continue;
          }
          NAME.matcher(line)
              .results()
              .map(found -> found.group(1).substring(0, found.group(1).length() - 1))
              .filter(other -> !other.equals(own))
              .forEach(
                  other ->
                      dependencies
                          .computeIfAbsent(own, key -> new TreeMap<>())
                          .computeIfAbsent(other, key -> new TreeSet<>())
                          .add(file.path()));
        }
      }
      return new PackageGraph(types, dependencies);
    }

    /** The files of a package that name another. */
    Set<String> reasons(String from, String to) {
      return dependencies.getOrDefault(from, Map.of()).getOrDefault(to, Set.of()).stream()
          .map(file -> from + " -> " + to + " by " + file)
          .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Sets of packages each of which reaches all others of its set. */
    Set<Set<String>> cycles() {
      Map<String, Set<String>> reached = new TreeMap<>();
      dependencies.keySet().forEach(from -> reached.put(from, reachedFrom(from)));
      Set<Set<String>> cycles = new HashSet<>();
      reached.forEach(
          (from, others) -> {
            if (others.contains(from)) {
              cycles.add(
                  others.stream()
                      .filter(other -> reached.getOrDefault(other, Set.of()).contains(from))
                      .collect(Collectors.toCollection(TreeSet::new)));
            }
          });
      return cycles;
    }

    private Set<String> reachedFrom(String from) {
      Set<String> reached = new TreeSet<>();
      List<String> open = new ArrayList<>(List.of(from));
      while (!open.isEmpty()) {
        String here = open.remove(open.size() - 1);
        for (String next : dependencies.getOrDefault(here, Map.of()).keySet()) {
          if (reached.add(next)) {
            open.add(next);
          }
        }
      }
      return reached;
    }
  }
}
