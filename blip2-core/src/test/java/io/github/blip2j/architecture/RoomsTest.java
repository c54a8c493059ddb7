package io.github.blip2j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.architecture.Sources.JavaFile;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Packages of all modules are rooms: what is in them is seen at one look, and no two need each
 * other, be it by way of others.
 */
final class RoomsTest {
  private static final int MOST_TYPES = 30;
  private static final int FEWEST_PACKAGES = 15;

  /** Packages that still depend on each other in a circle; to become none. */
  private static final Set<Set<String>> KNOWN_CIRCLES = Set.of();

  /** Packages that are still too large; to become none. */
  private static final Set<String> KNOWN_CROWDS =
      Set.of(
          "blip2",
          "cli",
          "generation",
          "io",
          "tensor",
          "text.tokenizer",
          "vision.image.jpeg",
          "vision.image.webp");

  @Test
  void packages_dependOneWay() {
    Rooms rooms = Rooms.of(main());

    assertTrue(rooms.types().size() >= FEWEST_PACKAGES, rooms.types().toString());
    assertEquals(named(KNOWN_CIRCLES), named(rooms.circles()), () -> reasons(rooms));
  }

  @Test
  void packages_areSeenAtOneLook() {
    Map<String, Integer> crowds = new TreeMap<>(Rooms.of(main()).types());
    crowds.values().removeIf(types -> types <= MOST_TYPES);

    assertEquals(
        new TreeSet<>(KNOWN_CROWDS),
        crowds.keySet(),
        () -> "more than " + MOST_TYPES + " types: " + crowds);
  }

  @Test
  void rooms_withACircleByWayOfOthers_findIt() {
    Rooms rooms =
        Rooms.of(
            List.of(
                file("a/One.java", "import io.github.blip2j.b.Two;"),
                file("b/Two.java", "import static io.github.blip2j.c.deep.Three.three;"),
                file("c/deep/Three.java", "  io.github.blip2j.a.One one;"),
                file("d/Four.java", "import io.github.blip2j.a.One;"),
                file("e/Five.java", "import io.github.blip2j.e.Six;", "import java.util.List;")));

    assertEquals(List.of("[a, b, c.deep]"), named(rooms.circles()));
    assertEquals(Set.of("a -> b by a/One.java"), rooms.reasons("a", "b"));
  }

  @Test
  void rooms_withCommentsAndTests_passOverThem() {
    Rooms rooms =
        Rooms.of(
            List.of(
                file("a/One.java", "import io.github.blip2j.b.Two;"),
                file("a/package-info.java", "package io.github.blip2j.a;"),
                file(
                    "b/Two.java",
                    "/** As {@link io.github.blip2j.a.One}. */",
                    "  // io.github.blip2j.a.One",
                    " * {@link io.github.blip2j.a.One}")));

    assertEquals(List.of(), named(rooms.circles()));
    assertEquals(Map.of("a", 1, "b", 1), rooms.types());
  }

  private static List<JavaFile> main() {
    return Sources.all().stream().filter(JavaFile::isMain).toList();
  }

  private static JavaFile file(String path, String... lines) {
    return new JavaFile("made-up", path, true, List.of(lines));
  }

  private static List<String> named(Set<Set<String>> circles) {
    return circles.stream().map(circle -> new TreeSet<>(circle).toString()).sorted().toList();
  }

  private static String reasons(Rooms rooms) {
    List<String> reasons = new ArrayList<>();
    for (Set<String> circle : rooms.circles()) {
      for (String from : circle) {
        for (String to : circle) {
          reasons.addAll(rooms.reasons(from, to));
        }
      }
    }
    return String.join("\n", reasons);
  }

  /**
   * What packages need of each other, by the names under the base package.
   *
   * @param types top-level types of each, {@code package-info} apart
   * @param arrows for each the packages it names, with the files that do
   */
  private record Rooms(Map<String, Integer> types, Map<String, Map<String, Set<String>>> arrows) {
    private static final Pattern NAME =
        Pattern.compile("\\bio\\.github\\.blip2j\\.((?:[a-z][a-z0-9_]*\\.)+)[A-Z]");
    private static final Pattern COMMENT = Pattern.compile("^\\s*(/\\*|\\*|//).*");

    static Rooms of(List<JavaFile> files) {
      Map<String, Integer> types = new TreeMap<>();
      Map<String, Map<String, Set<String>>> arrows = new TreeMap<>();
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
                      arrows
                          .computeIfAbsent(own, key -> new TreeMap<>())
                          .computeIfAbsent(other, key -> new TreeSet<>())
                          .add(file.path()));
        }
      }
      return new Rooms(types, arrows);
    }

    /** The files of a package that name another. */
    Set<String> reasons(String from, String to) {
      return arrows.getOrDefault(from, Map.of()).getOrDefault(to, Set.of()).stream()
          .map(file -> from + " -> " + to + " by " + file)
          .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Sets of packages each of which reaches all others of its set. */
    Set<Set<String>> circles() {
      Map<String, Set<String>> reached = new TreeMap<>();
      arrows.keySet().forEach(from -> reached.put(from, reachedFrom(from)));
      Set<Set<String>> circles = new HashSet<>();
      reached.forEach(
          (from, others) -> {
            if (others.contains(from)) {
              circles.add(
                  others.stream()
                      .filter(other -> reached.getOrDefault(other, Set.of()).contains(from))
                      .collect(Collectors.toCollection(TreeSet::new)));
            }
          });
      return circles;
    }

    private Set<String> reachedFrom(String from) {
      Set<String> reached = new TreeSet<>();
      List<String> open = new ArrayList<>(List.of(from));
      while (!open.isEmpty()) {
        String here = open.remove(open.size() - 1);
        for (String next : arrows.getOrDefault(here, Map.of()).keySet()) {
          if (reached.add(next)) {
            open.add(next);
          }
        }
      }
      return reached;
    }
  }
}
