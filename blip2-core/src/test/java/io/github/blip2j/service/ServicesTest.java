package io.github.blip2j.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.backend.BackendProvider;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ServicesTest {
  /** In a copy of the library whose class path has a line too many. */
  @Test
  void find_lineOfAMissingClass_leavesItOutAndNamesIt(@TempDir Path folder) throws Exception {
    Path services = folder.resolve("META-INF/services/" + BackendProvider.class.getName());
    Files.createDirectories(services.getParent());
    Files.writeString(services, "org.foo.Missing\n");
    List<URL> urls = new ArrayList<>(List.of(folder.toUri().toURL()));
    for (String path :
        List.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))) {
      urls.add(Path.of(path).toUri().toURL());
    }
    try (var library =
        new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
      Class<?> own = library.loadClass(Services.class.getName());
      Class<?> type = library.loadClass(BackendProvider.class.getName());

      List<?> found = (List<?>) own.getMethod("find", Class.class).invoke(null, type);
      List<?> problems = (List<?>) own.getMethod("problems", Class.class).invoke(null, type);

      assertTrue(
          found.stream().anyMatch(each -> each.getClass().getSimpleName().equals("Nd4jProvider")),
          found::toString);
      assertEquals(
          List.of(
              "services: class of META-INF/services/io.github.blip2j.backend.BackendProvider"
                  + " expected, got: Provider org.foo.Missing not found; add its jar to the class"
                  + " path, or remove the line"),
          problems);
    }
  }

  private record Family(@Nullable String name, @Nullable Collection<String> types) {}

  private static String refused(Map<String, Family> known, @Nullable Family family) {
    Map<String, Family> before = Map.copyOf(known);
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ModelTypes.enter(known, "families", family, Family::name, Family::types));
    assertEquals(before, known);
    return String.valueOf(e.getMessage());
  }

  @Test
  void enter_aFamilyThatCannotBeFound_isRefused() {
    Map<String, Family> known = new HashMap<>();
    ModelTypes.enter(
        known, "families", new Family("Old", List.of("old")), Family::name, Family::types);
    String a = " (" + Family.class.getName() + ")";

    assertEquals("families: family expected, got null; leave it out", refused(known, null));
    assertEquals(
        "families: model_type expected for New"
            + a
            + ", got null; return one or more from"
            + " modelTypes()",
        refused(known, new Family("New", null)));
    assertEquals(
        "families: model_type expected for New"
            + a
            + ", got none; return one or more from"
            + " modelTypes()",
        refused(known, new Family("New", List.of())));
    assertEquals(
        "families: model_type expected for New"
            + a
            + ", got a blank one; it is the model_type of"
            + " a config.json",
        refused(known, new Family("New", List.of("new", " "))));
    assertEquals(
        "families: one family expected for model_type old, got Old"
            + a
            + " and a family without a"
            + " name"
            + a
            + "; register it once, or under a model_type of its own",
        refused(known, new Family(null, List.of("new", "old"))));
  }
}
