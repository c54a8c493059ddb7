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
  private static final Pattern CLOSE = Pattern.compile("\\.close\\(\\)");
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

  @Test
  void nativeLibraries_areFoundWhereTheyAre() {
    assertTrue(
        Sources.all().stream()
            .filter(file -> file.isIn("tensor"))
            .anyMatch(file -> !file.find(NATIVE_LIBRARY).isEmpty()),
        "the search that finds none elsewhere must find those in the tensor package");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nn", "vision", "qformer", "llm"})
  void layers_closeNothing(String packagePath) {
    List<JavaFile> layers =
        Sources.all().stream()
            .filter(file -> file.isIn(packagePath) && !file.path().endsWith("Test.java"))
            .filter(
                file -> !file.isIn("qformer/retrieval")) // an index owns its file; no layer does
            .toList();

    assertTrue(!layers.isEmpty(), packagePath + ": Java files expected, got none");
    assertEquals(List.of(), layers.stream().flatMap(file -> file.find(CLOSE).stream()).toList());
  }

  @Test
  void lowerModules_knowNothingOfHigherOnes() {
    Pattern higher = Pattern.compile("import (static )?io\\.github\\.blip2j\\.(llm|blip2|cli)\\.");
    Pattern sibling = Pattern.compile("import (static )?io\\.github\\.blip2j\\.qformer\\.");
    List<JavaFile> files = Sources.all();

    assertEquals(
        List.of(),
        files.stream()
            .filter(f -> Set.of("blip2-core", "blip2-vision", "blip2-qformer").contains(f.module()))
            .flatMap(file -> file.find(higher).stream())
            .toList());
    assertEquals(
        List.of(),
        files.stream()
            .filter(file -> file.module().equals("blip2-vision"))
            .flatMap(file -> file.find(sibling).stream())
            .toList());
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
