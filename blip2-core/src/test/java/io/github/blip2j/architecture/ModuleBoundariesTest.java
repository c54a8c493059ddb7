package io.github.blip2j.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.architecture.Sources.JavaFile;
import io.github.blip2j.tensor.Tensor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What keeps the modules apart, read from their sources. */
final class ModuleBoundariesTest {
  private static final Pattern NATIVE_LIBRARY = Pattern.compile("\\borg\\.(nd4j|bytedeco)\\.");
  private static final Pattern ADDRESS =
      Pattern.compile("\\.(address|hostAddress)\\(\\)|\\bHostMemory\\.bytes\\(");
  private static final Pattern LAYER = Pattern.compile("\\bclass \\w+ extends \\w*Module\\b");
  private static final Pattern FREE =
      Pattern.compile("\\.close\\(\\)|\\.release(Replaced)?\\(|\\bScope\\.(open|detached)\\(");

  /** What runs step by step where scopes would keep every step's memory until the last. */
  private static final Set<String> RELEASING =
      Set.of("nn/KeyValueCache.java", "nn/Parameter.java", "nn/LayerStack.java");

  private static final int TENSOR_BUDGET = 80;

  @Test
  void nativeLibraries_areNamedByKernelsAndTensorsOnly() {
    List<String> elsewhere =
        Sources.all().stream()
            .filter(file -> Stream.of("tensor", "backend", "onednn").noneMatch(file::isIn))
            .filter(file -> !file.isIn("architecture"))
            .flatMap(file -> file.find(NATIVE_LIBRARY).stream())
            .toList();

    assertEquals(List.of(), elsewhere);
  }

  /**
   * Memory may be a device's: its address means something to kernels, to transfers and to
   * collectives, which refuse a device's, only. Tests of kernels may look too.
   */
  @Test
  void addresses_areReadByBackendsAndCollectivesOnly() {
    List<String> elsewhere =
        Sources.all().stream()
            .filter(JavaFile::isMain)
            .filter(
                file ->
                    Stream.of("backend", "onednn", "bench", "distributed").noneMatch(file::isIn))
            .flatMap(file -> file.find(ADDRESS).stream())
            .toList();

    assertEquals(List.of(), elsewhere);
  }

  @Test
  void addresses_areFoundWhereTheyAre() {
    assertTrue(
        Sources.all().stream()
            .filter(file -> file.isIn("backend"))
            .anyMatch(file -> !file.find(ADDRESS).isEmpty()));
  }

  @Test
  void nativeLibraries_areFoundWhereTheyAre() {
    assertTrue(
        Sources.all().stream()
            .filter(file -> file.isIn("tensor"))
            .anyMatch(file -> !file.find(NATIVE_LIBRARY).isEmpty()),
        "the search that finds none elsewhere must find those in the tensor package");
  }

  /**
   * What a layer computes belongs to the scope of whoever asked for it. So no layer closes or
   * releases anything, but for {@link #RELEASING}, each of which gives back what it has made itself
   * and replaced.
   */
  @ParameterizedTest
  @ValueSource(strings = {"nn", "vision", "qformer", "llm"})
  void layers_freeNothingButWhatTheyReplace(String packagePath) {
    List<JavaFile> layers =
        Sources.all().stream()
            .filter(JavaFile::isMain)
            .filter(file -> file.isIn(packagePath) && isLayer(file))
            .toList();

    assertTrue(!layers.isEmpty(), packagePath + ": layers expected, got none");
    assertEquals(
        List.of(),
        layers.stream()
            .filter(file -> !RELEASING.contains(file.path()))
            .flatMap(file -> file.find(FREE).stream())
            .toList());
  }

  @Test
  void layers_thatRelease_doSoInOnePlace() {
    for (String path : RELEASING) {
      List<String> found =
          Sources.all().stream()
              .filter(file -> file.path().equals(path))
              .flatMap(file -> file.find(FREE).stream())
              .toList();

      assertEquals(1, found.size(), path + ": " + found);
      assertTrue(found.get(0).contains("home.release"), found.get(0));
    }
  }

  @Test
  void freeing_inALayer_isFound() {
    for (String line :
        List.of(
            "      home.release(x);",
            "    x.close();",
            "    try (Scope scope = Scope.open()) {",
            "    try (var off = GradMode.noGrad(); Scope step = Scope.open()) {",
            "        var outer = Scope.open()) {")) {
      var layer =
          new JavaFile(
              "made-up", "nn/Made.java", true, List.of("final class Made extends Module {", line));

      assertTrue(isLayer(layer));
      assertEquals(1, layer.find(FREE).size(), line);
    }
  }

  private static boolean isLayer(JavaFile file) {
    return !file.find(LAYER).isEmpty() || RELEASING.contains(file.path());
  }

  @Test
  void everyModule_isRead() {
    Set<String> modules =
        Sources.all().stream().map(JavaFile::module).collect(Collectors.toCollection(TreeSet::new));

    assertTrue(
        modules.containsAll(Set.of("blip2-core", "blip2-vision", "blip2-qformer", "blip2-llm")),
        () -> "got " + modules);
  }

  @Test
  void tensor_publicMethods_stayWithinBudget() {
    List<String> methods =
        Arrays.stream(Tensor.class.getDeclaredMethods())
            .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.isSynthetic())
            .map(Method::getName)
            .sorted()
            .toList();

    assertTrue(
        !methods.isEmpty() && methods.size() <= TENSOR_BUDGET,
        () -> methods.size() + " of " + TENSOR_BUDGET + ": " + methods);
  }
}
