package io.github.blip2j.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * What the poms promise to those who take the library from a repository: with Maven, with Gradle,
 * which knows no profiles of an operating system, and without our parent, whose managed versions
 * reach nobody.
 */
final class PomsTest {
  private static final Path ROOT = Path.of("..");
  private static final String GROUP = "io.github.blip2j";
  private static final String BOM = "blip2-bom";

  /** The elements that Maven Central asks of every pom. */
  private static final List<String> REQUIRED =
      List.of(
          "name",
          "description",
          "url",
          "licenses/license/name",
          "licenses/license/url",
          "developers/developer/name",
          "scm/connection",
          "scm/developerConnection",
          "scm/url");

  /** One pom: its element and what it was read from. */
  private record Pom(String name, Element project) {

    static Pom of(String name, String xml) {
      try {
        return new Pom(
            name,
            DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)))
                .getDocumentElement());
      } catch (SAXException | IOException | ParserConfigurationException e) {
        throw new AssertionError(name + ": a pom expected, got " + e, e);
      }
    }

    static Pom read(Path file) throws IOException {
      return of(ROOT.relativize(file).toString(), Files.readString(file));
    }

    /** The artifact's name. */
    String artifact() {
      return text(project, "artifactId");
    }

    /** Direct dependencies outside profiles. */
    List<Element> dependencies() {
      return elements(project, "dependencies/dependency");
    }

    /** Dependencies with versions for others. */
    List<Element> managed() {
      return elements(project, "dependencyManagement/dependencies/dependency");
    }

    boolean isPublished() {
      return !text(project, "properties/maven.deploy.skip").equals("true");
    }
  }

  private static List<Element> elements(Element from, String path) {
    List<Element> found = List.of(from);
    for (String name : path.split("/", -1)) {
      List<Element> next = new ArrayList<>();
      for (Element element : found) {
        for (Node n = element.getFirstChild(); n != null; n = n.getNextSibling()) {
          if (n instanceof Element child && child.getTagName().equals(name)) {
            next.add(child);
          }
        }
      }
      found = next;
    }
    return found;
  }

  /** The text of the first such element; empty without one. */
  private static String text(Element from, String path) {
    List<Element> found = elements(from, path);
    return found.isEmpty() ? "" : found.get(0).getTextContent().strip();
  }

  private static String coordinates(Element dependency) {
    String classifier = text(dependency, "classifier");
    String name = text(dependency, "groupId") + ":" + text(dependency, "artifactId");
    return classifier.isEmpty() ? name : name + ":" + classifier;
  }

  private static boolean isOfTests(Element dependency) {
    return Set.of("test", "provided", "import").contains(text(dependency, "scope"));
  }

  /** Every pom of the repository, by artifact. */
  private static Map<String, Pom> poms() throws IOException {
    Map<String, Pom> poms = new TreeMap<>();
    try (Stream<Path> folders = Files.list(ROOT)) {
      for (Path folder : folders.filter(f -> Files.exists(f.resolve("pom.xml"))).toList()) {
        Pom pom = Pom.read(folder.resolve("pom.xml"));
        poms.put(pom.artifact(), pom);
      }
    }
    Pom parent = Pom.read(ROOT.resolve("pom.xml"));
    poms.put(parent.artifact(), parent);
    assertTrue(poms.size() > 15, "poms of all modules expected, got " + poms.keySet());
    return poms;
  }

  /** The pom of an artifact of ours. */
  private static Pom pom(String artifact) throws IOException {
    return Objects.requireNonNull(poms().get(artifact), artifact);
  }

  private static List<Pom> published() throws IOException {
    return poms().values().stream().filter(Pom::isPublished).toList();
  }

  /** What a profile gives to consumers, which Gradle would not see. */
  private static List<String> conditional(Pom pom) {
    List<String> problems = new ArrayList<>();
    for (Element profile : elements(pom.project(), "profiles/profile")) {
      String where = pom.name() + ": profile " + text(profile, "id");
      if (!elements(profile, "activation/os").isEmpty()) {
        problems.add(where + " hangs on the operating system");
      }
      for (Element dependency : elements(profile, "dependencies/dependency")) {
        if (!isOfTests(dependency)) {
          problems.add(where + " brings " + coordinates(dependency));
        }
      }
    }
    return problems;
  }

  /** Third parties whose versions only a parent manages. */
  private static List<String> managedOnly(Pom parent, List<Pom> modules) {
    Set<String> named =
        modules.stream()
            .flatMap(pom -> pom.dependencies().stream())
            .map(PomsTest::coordinates)
            .collect(Collectors.toSet());
    return parent.managed().stream()
        .filter(managed -> !isOfTests(managed))
        .map(PomsTest::coordinates)
        .filter(coordinates -> !named.contains(coordinates))
        .map(coordinates -> parent.name() + ": manages " + coordinates + ", which no module names")
        .toList();
  }

  private static List<String> missing(Pom pom) {
    return REQUIRED.stream()
        .filter(path -> text(pom.project(), path).isEmpty())
        .map(path -> pom.name() + ": " + path + " expected")
        .toList();
  }

  @Test
  void profiles_giveNothingToConsumers() throws IOException {
    List<String> problems = new ArrayList<>();
    for (Pom pom : published()) {
      problems.addAll(conditional(pom));
    }

    assertEquals(List.of(), problems);
  }

  @Test
  void profile_ofAnOperatingSystem_isFound() {
    Pom pom =
        Pom.of(
            "a/pom.xml",
            """
            <project><artifactId>a</artifactId><profiles><profile><id>linux</id>
            <activation><os><family>linux</family></os></activation>
            <dependencies>
            <dependency><groupId>g</groupId><artifactId>n</artifactId><classifier>c</classifier></dependency>
            <dependency><groupId>g</groupId><artifactId>t</artifactId><scope>test</scope></dependency>
            </dependencies></profile></profiles></project>
            """);

    assertEquals(
        List.of(
            "a/pom.xml: profile linux hangs on the operating system",
            "a/pom.xml: profile linux brings g:n:c"),
        conditional(pom));
  }

  @Test
  void versionsThatTheParentManages_areThoseOfNamedDependencies() throws IOException {
    Pom parent = pom("blip2-parent");

    assertEquals(List.of(), managedOnly(parent, List.copyOf(poms().values())));
    assertTrue(parent.managed().size() > 10, "managed versions expected in " + parent.name());
  }

  @Test
  void versionThatOnlyTheParentManages_isFound() {
    Pom pom =
        Pom.of(
            "pom.xml",
            """
            <project><artifactId>a</artifactId><dependencyManagement><dependencies>
            <dependency><groupId>g</groupId><artifactId>n</artifactId></dependency>
            <dependency><groupId>g</groupId><artifactId>m</artifactId></dependency>
            </dependencies></dependencyManagement>
            <dependencies><dependency><groupId>g</groupId><artifactId>m</artifactId></dependency></dependencies>
            </project>
            """);

    assertEquals(
        List.of("pom.xml: manages g:n, which no module names"), managedOnly(pom, List.of(pom)));
  }

  /** What the bom manages of others reaches consumers without the bom too. */
  @Test
  void thirdPartiesOfTheBom_areNamedByTheLibrary() throws IOException {
    Set<String> named = new TreeSet<>();
    for (String module : List.of("blip2-core", "blip2-onednn", "blip2-natives-linux-x86_64")) {
      pom(module).dependencies().stream().map(PomsTest::coordinates).forEach(named::add);
    }
    Set<String> thirdParties =
        pom(BOM).managed().stream()
            .map(PomsTest::coordinates)
            .filter(coordinates -> !coordinates.startsWith(GROUP + ":"))
            .collect(Collectors.toCollection(TreeSet::new));

    thirdParties.removeAll(named);
    // The classes of OpenCL come with those of oneDNN.
    assertEquals(Set.of("org.bytedeco:opencl"), thirdParties);
  }

  @Test
  void bom_hasEveryPublishedModule() throws IOException {
    Set<String> modules =
        published().stream()
            .filter(pom -> !text(pom.project(), "packaging").equals("pom"))
            .map(Pom::artifact)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> managed =
        pom(BOM).managed().stream()
            .filter(dependency -> text(dependency, "groupId").equals(GROUP))
            .map(dependency -> text(dependency, "artifactId"))
            .collect(Collectors.toCollection(TreeSet::new));

    assertEquals(modules, managed);
    assertTrue(managed.contains("blip2-cli"), managed::toString);
  }

  @Test
  void publishedModules_dependOnPublishedOnes() throws IOException {
    List<String> problems = new ArrayList<>();
    for (Pom pom : published()) {
      for (Element dependency : pom.dependencies()) {
        String artifact = text(dependency, "artifactId");
        if (text(dependency, "groupId").equals(GROUP)
            && !isOfTests(dependency)
            && !pom(artifact).isPublished()) {
          problems.add(pom.name() + ": depends on " + artifact + ", which is not published");
        }
      }
    }

    assertEquals(List.of(), problems);
  }

  @Test
  void release_leavesOutWhatIsNotDeployed() throws IOException {
    Pom parent = pom("blip2-parent");
    Set<String> leftOut =
        elements(parent.project(), "profiles/profile/build/plugins/plugin").stream()
            .flatMap(plugin -> elements(plugin, "configuration/excludeArtifacts/artifact").stream())
            .map(Element::getTextContent)
            .collect(Collectors.toCollection(TreeSet::new));
    Set<String> notDeployed =
        poms().values().stream()
            .filter(pom -> !pom.isPublished())
            .map(Pom::artifact)
            .collect(Collectors.toCollection(TreeSet::new));

    assertEquals(
        Set.of(
            "blip2-examples",
            "blip2-examples-quarkus",
            "blip2-examples-spring",
            "blip2-extension",
            "blip2-fuzz"),
        notDeployed);
    assertEquals(notDeployed, leftOut);
  }

  /** Modules inherit all but their names from the parent; the bom has no parent. */
  @Test
  void requiredElements_areThere() throws IOException {
    List<String> problems = new ArrayList<>(missing(pom("blip2-parent")));
    problems.addAll(missing(pom(BOM)));
    for (Pom pom : published()) {
      if (text(pom.project(), "name").isEmpty()) {
        problems.add(pom.name() + ": name expected");
      }
      boolean inherits = text(pom.project(), "parent/artifactId").equals("blip2-parent");
      if (!inherits && !Set.of("blip2-parent", BOM).contains(pom.artifact())) {
        problems.add(pom.name() + ": the parent blip2-parent expected");
      }
    }

    assertEquals(List.of(), problems);
  }

  @Test
  void requiredElement_thatIsMissing_isFound() {
    Pom pom =
        Pom.of(
            "pom.xml",
            """
            <project><name>a</name><description>b</description><url>c</url>
            <licenses><license><name>d</name></license></licenses>
            <developers><developer><name>e</name></developer></developers>
            <scm><connection>f</connection><developerConnection>g</developerConnection><url> </url></scm>
            </project>
            """);

    assertEquals(
        List.of("pom.xml: licenses/license/url expected", "pom.xml: scm/url expected"),
        missing(pom));
  }

  /** Where artifacts come from and go to is the user's, or the plugin's default. */
  @Test
  void repositories_areNamedInNoPom() throws IOException {
    List<String> problems = new ArrayList<>();
    for (Pom pom : poms().values()) {
      for (String path :
          List.of("repositories", "pluginRepositories", "distributionManagement/repository")) {
        if (!elements(pom.project(), path).isEmpty()) {
          problems.add(pom.name() + ": " + path);
        }
      }
    }

    assertEquals(List.of(), problems);
  }
}
