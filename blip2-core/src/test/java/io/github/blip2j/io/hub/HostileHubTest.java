package io.github.blip2j.io.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hubs that answer what no honest one would. */
final class HostileHubTest {
  private static final String WEIGHTS = "model.safetensors";
  private static final String MAIN = "/revision/main";

  private final Path cache;
  private final FakeHub hub;
  private final TestMachine machine = new TestMachine();
  private Duration silence = Duration.ofMillis(1500);

  HostileHubTest(@TempDir Path folder) throws IOException {
    cache = folder.resolve("cache");
    hub = FakeHub.start().small(WEIGHTS, FakeHub.bytes(100_000));
  }

  @AfterEach
  void close() {
    hub.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"999999999999999999", "9999999999999999999999"})
  void download_endlessPause_isNotWaitedFor(String seconds) {
    hub.instead("GET", MAIN, 1, FakeHub.answer(429, "", "Retry-After", seconds));

    String message = failure(List.of());

    assertTrue(message.contains("got HTTP 429 and to wait for "), message);
    assertEquals(List.of(), machine.pauses);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 65_536, 99_999})
  void download_redirectToNoPort_isRefused(int port) {
    String address = "http://127.0.0.1:" + port + "/x";
    hub.instead("GET", MAIN, 1, FakeHub.answer(302, "", "Location", address));

    assertEquals(
        "org/name: redirect expected to an address that is as safe, got "
            + address
            + "; check HF_ENDPOINT",
        failure(List.of()));
  }

  @Test
  void download_sizesWhoseSumNoNumberHolds_areNoRoom() {
    machine.room = 20_000_000;
    for (int i = 0; i < 12; i++) {
      hub.small("a" + i + ".json", new byte[] {(byte) i});
      hub.instead("HEAD", "a" + i + ".json", 9, sized("999999999999999999", "e" + i));
    }

    assertEquals(
        "org/name: 9223372036855 MB expected to be free in "
            + cache
            + ", got 20; make room or set HF_HUB_CACHE",
        failure(List.of("*.json")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-5", "1e9", "9999999999999999999", "many"})
  void download_sizeThatIsNoNumber_isRefused(String size) {
    hub.instead("HEAD", WEIGHTS, 9, sized(size, "e"));

    String message = failure(List.of());

    assertTrue(
        message.endsWith(
            ": X-Linked-Size expected a number of bytes, got \"" + size + "\"; check HF_ENDPOINT"),
        message);
  }

  @Test
  void download_sizeThatOnlyTheFileTells_isHeldAgainstTheRoom() throws IOException {
    machine.room = 50_000;
    hub.instead("HEAD", WEIGHTS, 9, FakeHub.answer(200, "", "ETag", "\"e\""));

    assertEquals(
        "org/name: 1 MB expected to be free in " + cache + ", got 0; make room or set HF_HUB_CACHE",
        failure(List.of()));
    assertEquals(List.of(), files());
  }

  @Test
  void download_fileThatIsAFolderToo_isRefused() {
    hub.small("a.json", new byte[1]).small("a.json/b.json", new byte[1]);

    assertEquals(
        "org/name: names expected of files, got a.json as that of a folder too; leave one out with"
            + " --exclude",
        failure(List.of("*.json")));
  }

  @Test
  void download_nameOfMoreLettersThanAFileHas_isRefusedAndLeavesNothing() throws IOException {
    String name = "a".repeat(300) + ".json";
    hub.small(name, new byte[1]);

    String message = failure(List.of("*.json"));

    assertTrue(message.contains("of at most 255 bytes, got " + name), message);
    assertEquals(List.of(), files());
  }

  @Test
  void download_nameWithHalfACharacter_isRefused() {
    String listing = "{\"sha\": \"c0ffee\", \"siblings\": [{\"rfilename\": \"a\\ud800.json\"}]}";
    hub.instead("GET", MAIN, 1, FakeHub.answer(200, listing));

    String message = failure(List.of("*.json"));

    assertTrue(message.contains("rfilename expected a path within the model"), message);
  }

  @Test
  void download_listThatComesByteByByte_isGivenUp() {
    silence = Duration.ofMillis(150);
    hub.instead("GET", MAIN, 1, dripping());

    String message = failure(List.of());

    assertTrue(message.contains(": whole answer expected within 1.5 s, got "), message);
  }

  @Test
  void download_fileThatComesByteByByte_isGivenUp() {
    silence = Duration.ofMillis(150);
    hub.instead("GET", WEIGHTS, 1, dripping());

    String message = failure(List.of());

    assertTrue(
        message.startsWith("org/name: model.safetensors expected to grow by 1000 bytes a second"),
        message);
  }

  @Test
  void download_whereDigitsAreOthers_asksAndChecksInAscii() throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("fa-IR"));
    try {
      String large = "lavis.safetensors";
      hub.large(large, FakeHub.bytes(3_000_000)).cutting(large, 600_000, 1);

      hub().download("org/name"); // the weights are small, and their checksum Git's

      assertEquals(List.of("all", "bytes=600000-"), hub.fetches(large));
    } finally {
      Locale.setDefault(before);
    }
  }

  private static HttpHandler sized(String size, String etag) {
    return FakeHub.answer(200, "", "X-Linked-Size", size, "X-Linked-Etag", "\"" + etag + "\"");
  }

  /** A byte now and then, as long as somebody listens. */
  private static HttpHandler dripping() {
    return exchange -> {
      exchange.sendResponseHeaders(200, 100_000);
      try {
        for (int i = 0; i < 500; i++) {
          exchange.getResponseBody().write(' ');
          exchange.getResponseBody().flush();
          Thread.sleep(20);
        }
      } catch (IOException | InterruptedException e) {
        exchange.close(); // nobody does any more
      }
    };
  }

  private Hub hub() {
    var limits = new Limits(silence, 3, Duration.ofMinutes(1), Duration.ofMinutes(1));
    return Hub.of(hub.environment(cache)).with(new DownloadResources(limits, machine));
  }

  private String failure(List<String> included) {
    FileChoice choice = FileChoice.standard().including(included);
    return String.valueOf(
        assertThrows(
                HubException.class, () -> hub().download("org/name", choice, (f, done, of) -> {}))
            .getMessage());
  }

  /** Contents and names that were left in the cache. */
  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(cache)) {
      return files
          .filter(file -> !Files.isDirectory(file) && !file.toString().endsWith(".lock"))
          .toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }
}
