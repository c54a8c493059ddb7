package io.github.blip2j.cli.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import io.github.blip2j.cli.Shell;
import io.github.blip2j.io.hub.FakeHub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DownloadCommandTest {
  private static final String TOKEN = "hf_secret";
  private static final Path MATCHER = Path.of("../blip2-llm/src/test/resources/golden/hf-itm");
  private static final String TEXT = "a red circle above a blue square";

  private final Path cache;
  private final FakeHub hub;

  DownloadCommandTest(@TempDir Path folder) throws IOException {
    cache = folder.resolve("cache");
    hub = FakeHub.start();
  }

  @AfterEach
  void close() {
    hub.close();
  }

  @Test
  void download_json_hasTheDocumentedShape() {
    hub.small("config.json", FakeHub.bytes(20)).large("model.safetensors", FakeHub.bytes(3000));

    JsonObject document = blip2("download", "org/name", "--json").json();

    assertEquals(
        String.format(
            Locale.ROOT,
            """
        {"model":"org/name","revision":"main","commit":"%s","folder":"%s","files":[\
        {"name":"config.json","bytes":20,"downloaded":true},\
        {"name":"model.safetensors","bytes":3000,"downloaded":true}]}""",
            FakeHub.COMMIT,
            snapshot(cache)),
        document.toString());
  }

  @Test
  void download_text_isTheFolder() {
    hub.large("model.safetensors", FakeHub.bytes(3000));

    assertEquals(new Shell(0, snapshot(cache) + "\n", ""), blip2("download", "org/name"));
  }

  @Test
  void download_chosenFilesToAnotherCache_areThere() throws IOException {
    hub.small("a.txt", new byte[1]).small("b.txt", new byte[2]).small("c.bin", new byte[3]);
    Path other = cache.resolveSibling("other");

    blip2(
        "download",
        "org/name",
        "--cache",
        other.toString(),
        "--include",
        "*.txt",
        "--include",
        "*.bin",
        "--exclude",
        "b*");

    try (Stream<Path> files = Files.list(snapshot(other))) {
      assertEquals(
          List.of("a.txt", "c.bin"),
          files.map(file -> String.valueOf(file.getFileName())).sorted().toList());
    }
    assertFalse(Files.exists(cache));
  }

  @Test
  void download_revision_isAskedFor() {
    String message =
        "blip2: org/other@v2: model expected at %s/org/other with revision v2, got HTTP 404;"
            + " check its name and the revision\n";

    assertEquals(
        new Shell(1, "", String.format(Locale.ROOT, message, hub.endpoint())),
        blip2("download", "org/other", "--revision", "v2"));
  }

  @Test
  void download_revisionTwice_exits2() {
    assertEquals(
        new Shell(
            2,
            "",
            "blip2: download: revision expected once, got @ in the id and --revision; leave one of"
                + " them out\n"),
        blip2("download", "org/name@v1", "--revision", "v2"));
  }

  @Test
  void download_badId_exits2() {
    assertEquals(
        new Shell(
            2, "", "blip2: model id expected as in org/name or org/name@revision, got 'name'\n"),
        blip2("download", "name"));
  }

  @Test
  void download_offline_needsNoHub() {
    hub.large("model.safetensors", FakeHub.bytes(3000));
    String message =
        "blip2: org/name: model expected in the cache %s, got none; this is offline, so unset"
            + " HF_HUB_OFFLINE or leave out --offline to download it\n";

    assertEquals(
        new Shell(1, "", String.format(Locale.ROOT, message, cache)),
        blip2("download", "org/name", "--offline"));
    blip2("download", "org/name");
    hub.close();
    assertEquals(
        new Shell(0, snapshot(cache) + "\n", ""), blip2("download", "org/name", "--offline"));
  }

  @Test
  void download_token_isNeverShown() {
    hub.large("model.safetensors", FakeHub.bytes(3000));
    Map<String, String> environment = new HashMap<>(hub.environment(cache));
    environment.put("HF_TOKEN", TOKEN);

    for (String id : List.of("org/name", "org/other")) {
      Shell shell = Shell.run(environment, "download", id, "--debug", "--json");
      assertFalse((shell.out() + shell.err()).contains(TOKEN), shell::toString);
    }
    assertTrue(hub.sawToken(TOKEN));
  }

  @Test
  void match_idOfADownloadedModel_isThatModel() throws IOException {
    for (String name : names(MATCHER)) {
      hub.large(name, Files.readAllBytes(MATCHER.resolve(name)));
    }
    blip2("download", "org/name");
    hub.close();
    String picture = MATCHER.resolve("images/a.png").toString();

    Shell shell = blip2("match", picture, "--text", TEXT, "--model", "org/name@main", "--json");

    JsonObject document = shell.json();
    assertEquals("org/name@main", document.get("model").getAsString());
    JsonObject result = document.getAsJsonArray("results").get(0).getAsJsonObject();
    assertEquals(0.536065, result.get("itc").getAsDouble(), 1e-5);
  }

  @Test
  void caption_idOfAModelThatIsNotThere_saysWhatToRun() {
    String message =
        "blip2: org/name: model expected as a folder or in the cache %s, got none; run blip2"
            + " download org/name\n";

    assertEquals(
        new Shell(1, "", String.format(Locale.ROOT, message, cache)),
        blip2("caption", Shell.image("a.png"), "--model", "org/name"));
  }

  @Test
  void convert_idOfAModelThatIsNotThere_saysWhatToRun() {
    String message =
        "blip2: org/name: model expected as a folder or in the cache %s, got none; run blip2"
            + " download org/name\n";

    assertEquals(
        new Shell(1, "", String.format(Locale.ROOT, message, cache)),
        blip2("convert", "--from", "hf", "org/name", cache + ".pth"));
  }

  private Shell blip2(String... args) {
    return Shell.run(hub.environment(cache), args);
  }

  private static Path snapshot(Path cache) {
    return cache.resolve("models--org--name/snapshots").resolve(FakeHub.COMMIT);
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(Files::isRegularFile)
          .map(file -> String.valueOf(file.getFileName()))
          .toList();
    }
  }
}
