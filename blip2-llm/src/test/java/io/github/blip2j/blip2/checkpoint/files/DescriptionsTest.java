package io.github.blip2j.blip2.checkpoint.files;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files of a model that change together; after each step, what a kill would leave is looked at. */
final class DescriptionsTest {
  private static final List<String> FILES =
      List.of("config.json", "a.json", "deep/b.json", "weights");

  @TempDir private Path folder;

  private final List<Map<String, String>> kills = new ArrayList<>();

  @BeforeEach
  void earlierModel() throws IOException {
    Files.createDirectory(folder.resolve("deep"));
    for (String name : FILES) {
      Files.writeString(folder.resolve(name), "old");
    }
  }

  @Test
  void end_afterWeights_neverDescribesOthers() throws IOException {
    try (var descriptions = Descriptions.of(folder, this::look)) {
      describe(descriptions, "new");
      descriptions.begin(false);
      weights("new");
      descriptions.end();
    }

    assertFalse(kills.isEmpty());
    kills.forEach(DescriptionsTest::assertOneModelOrNone);
    assertEquals(all("new"), found());
    assertNothingHidden();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void replaceBefore_weightsOfOneFile_neverDescribesOthers(boolean sameDescription)
      throws IOException {
    String description = sameDescription ? "old" : "new";
    try (var descriptions = Descriptions.of(folder, this::look)) {
      describe(descriptions, description);
      descriptions.replaceBefore(folder.resolve("weights"));
      look();
      weights("new");
    }

    for (Map<String, String> killed : kills) {
      boolean fits = sameDescription || killed.values().stream().distinct().count() == 1;
      assertTrue(fits || !killed.containsKey("weights"), killed.toString());
    }
    assertEquals("new", found().get("weights"));
    assertEquals(description, found().get("config.json"));
  }

  @Test
  void begin_sameDescriptions_leavesThemAlone() throws IOException {
    try (var descriptions = Descriptions.of(folder, this::look)) {
      describe(descriptions, "old");
      descriptions.begin(false);
      descriptions.end();
    }

    assertEquals(List.of(), kills);
  }

  @Test
  void begin_otherFilesBesideWeights_takesTheConfigAway() throws IOException {
    try (var descriptions = Descriptions.of(folder, this::look)) {
      describe(descriptions, "old");
      descriptions.begin(true);
      assertFalse(found().containsKey("config.json"));
      descriptions.end();
    }

    assertEquals(all("old"), found());
  }

  @Test
  void end_configIsALink_replacesWhatItLeadsTo(@TempDir Path elsewhere) throws IOException {
    Path real = elsewhere.resolve("blob");
    Files.move(folder.resolve("config.json"), real);
    Files.createSymbolicLink(folder.resolve("config.json"), real);

    try (var descriptions = Descriptions.of(folder)) {
      describe(descriptions, "new");
      descriptions.begin(false);
      descriptions.end();
    }

    assertTrue(Files.isSymbolicLink(folder.resolve("config.json")));
    assertEquals("new", Files.readString(real));
  }

  private static void assertOneModelOrNone(Map<String, String> killed) {
    boolean one = killed.values().stream().distinct().count() == 1;
    assertTrue(one || !killed.containsKey("config.json"), killed.toString());
  }

  private static void describe(Descriptions descriptions, String text) throws IOException {
    Files.createDirectory(descriptions.path().resolve("deep"));
    for (String name : FILES.subList(0, 3)) {
      Files.writeString(descriptions.path().resolve(name), text);
    }
  }

  private void weights(String text) throws IOException {
    Files.writeString(folder.resolve("weights"), text);
    look();
  }

  private void look() {
    try {
      kills.add(found());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Map<String, String> found() throws IOException {
    Map<String, String> found = new TreeMap<>();
    for (String name : FILES) {
      if (Files.exists(folder.resolve(name))) {
        found.put(name, Files.readString(folder.resolve(name)));
      }
    }
    return found;
  }

  private static Map<String, String> all(String text) {
    Map<String, String> all = new TreeMap<>();
    FILES.forEach(name -> all.put(name, text));
    return all;
  }

  private void assertNothingHidden() throws IOException {
    try (var files = Files.list(folder)) {
      assertEquals(
          List.of(),
          files.filter(file -> String.valueOf(file.getFileName()).startsWith(".")).toList());
    }
  }
}
