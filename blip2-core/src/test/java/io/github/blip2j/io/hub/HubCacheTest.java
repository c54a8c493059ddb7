package io.github.blip2j.io.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class HubCacheTest {
  private static final String COMMIT = FakeHub.COMMIT;

  private final Path folder;
  private final HubCache cache;

  HubCacheTest(@TempDir Path folder) {
    this.folder = folder;
    this.cache = HubCache.at(folder.resolve("cache"));
  }

  @ParameterizedTest
  @CsvSource({
    "HF_HUB_CACHE=/c HF_HOME=/h XDG_CACHE_HOME=/x HOME=/u, /c",
    "HF_HOME=/h XDG_CACHE_HOME=/x HOME=/u, /h/hub",
    "HF_HOME=~/h HOME=/u, /u/h/hub",
    "XDG_CACHE_HOME=/x HOME=/u, /x/huggingface/hub",
    "HF_HUB_CACHE= HF_HOME= XDG_CACHE_HOME= HOME=/u, /u/.cache/huggingface/hub",
  })
  void of_variables_isWhereTheOthersLook(String variables, String expected) {
    Map<String, String> environment = new HashMap<>();
    for (String variable : variables.split(" ", -1)) {
      int equals = variable.indexOf('=');
      environment.put(variable.substring(0, equals), variable.substring(equals + 1));
    }

    assertEquals(Path.of(expected), HubCache.of(environment).path());
  }

  @ParameterizedTest
  @ValueSource(strings = {"org/name", "org/name@main", "org/name@" + COMMIT})
  void folder_ofBranchOrCommit_isTheSnapshot(String id) throws IOException {
    Path snapshot = snapshot("main");

    assertEquals(snapshot, cache.folder(id));
  }

  @Test
  void folder_ofPullRequest_isTheSnapshot() throws IOException {
    Path snapshot = snapshot("refs/pr/1");

    assertEquals(snapshot, cache.folder("org/name@refs/pr/1"));
  }

  @Test
  void folder_ofOtherRevision_saysWhatToRun() throws IOException {
    snapshot("main");

    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name@v2: model expected in the cache %s, got none; run blip2 download org/name@v2",
            cache.path()),
        assertThrows(HubException.class, () -> cache.folder("org/name@v2")).getMessage());
  }

  @Test
  void folder_ofReferenceThatLeadsOutside_isNone() throws IOException {
    Path ref = cache.path().resolve("models--org--name/refs/main");
    Files.createDirectories(ref.resolveSibling(""));
    Files.createDirectories(cache.path().resolve("models--org--name/snapshots"));
    Files.writeString(ref, "../../..");

    assertThrows(HubException.class, () -> cache.folder("org/name"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name",
        "org/name/more",
        "org//name",
        "/org/name",
        "org/../name",
        "org/na--me",
        "org/na..me",
        "org/.name",
        "org/na me",
        "org/name@",
        "org/name@../x",
        "org/name@a\\b",
        "org/name@/x",
        "",
      })
  void folder_ofWhatIsNoId_isRefused(String id) {
    assertEquals(
        String.format(
            Locale.ROOT, "model id expected as in org/name or org/name@revision, got '%s'", id),
        assertThrows(IllegalArgumentException.class, () -> cache.folder(id)).getMessage());
  }

  @Test
  void resolve_existingFolderNamedLikeAnId_isThatFolder() throws IOException {
    snapshot("main");
    Path here = Path.of("src/main"); // this module's own

    assertEquals(here, cache.resolve("src/main"));
  }

  @Test
  void resolve_id_isTheSnapshot() throws IOException {
    Path snapshot = snapshot("main");

    assertEquals(snapshot, cache.resolve("org/name"));
  }

  @Test
  void resolve_idThatIsNowhere_saysWhatToRun() {
    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name: model expected as a folder or in the cache %s, got none;"
                + " run blip2 download org/name",
            cache.path()),
        assertThrows(HubException.class, () -> cache.resolve("org/name")).getMessage());
  }

  @Test
  void resolve_pathThatIsNoId_isReturned() throws IOException {
    Path missing = folder.resolve("missing.pth");

    assertEquals(missing, cache.resolve(missing.toString()));
  }

  private Path snapshot(String revision) throws IOException {
    Path model = cache.path().resolve("models--org--name");
    Path ref = model.resolve("refs").resolve(revision);
    Files.createDirectories(ref.resolveSibling(""));
    Files.writeString(ref, COMMIT);
    return Files.createDirectories(model.resolve("snapshots").resolve(COMMIT));
  }
}
