package io.github.blip2j.io.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What may go wrong between a hub that answers and a model that is there. */
final class HubFailureTest {
  private static final String WEIGHTS = "model.safetensors";
  private static final String MAIN = "/revision/main";
  private static final byte[] BYTES = FakeHub.bytes(3_000_000);

  private final Path cache;
  private final FakeHub hub;
  private final TestMachine machine = new TestMachine();
  private final Limits limits =
      new Limits(Duration.ofMillis(1500), 3, Duration.ofMinutes(1), Duration.ofMinutes(1));

  HubFailureTest(@TempDir Path folder) throws IOException {
    cache = folder.resolve("cache");
    hub = FakeHub.start().large(WEIGHTS, BYTES);
  }

  @AfterEach
  void close() {
    hub.close();
  }

  @Test
  void download_brokenHub_isTriedAgainWithGrowingPauses() {
    hub.instead("GET", MAIN, 3, FakeHub.answer(500, ""));

    assertEquals(givenUp(hub.endpoint(), "HTTP 500"), failure());
    assertEquals(List.of(Duration.ofSeconds(1), Duration.ofSeconds(2)), machine.pauses);
  }

  @Test
  void download_busyHub_isGivenTheTimeItAsksFor() throws IOException {
    hub.instead("GET", MAIN, 2, FakeHub.answer(429, "", "Retry-After", "7"));
    hub.instead("HEAD", WEIGHTS, 1, FakeHub.answer(503, ""));

    hub().download("org/name");

    assertEquals(
        List.of(Duration.ofSeconds(7), Duration.ofSeconds(7), Duration.ofSeconds(1)),
        machine.pauses);
  }

  @Test
  void download_busyHubForTooLong_isNotWaitedFor() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(429, "", "Retry-After", "3600"));

    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name: answer expected from %s, got HTTP 429 and to wait for 3600 s; run it again then",
            hub.endpoint()),
        failure());
  }

  @Test
  void download_expiredAddressOfAStore_isAskedForAgain() throws IOException {
    hub.instead("GET", "/store/" + WEIGHTS, 1, FakeHub.answer(403, ""));

    hub().download("org/name");

    assertEquals(List.of("all", "all"), hub.fetches(WEIGHTS));
  }

  @Test
  void download_hubThatNeverAnswers_isGivenUp() {
    hub.instead("GET", MAIN, 9, hub.silence());

    assertEquals(
        givenUp(hub.endpoint(), "none within 0.3 s"), failure(hub(impatient()), "org/name"));
  }

  @Test
  void download_storeThatFallsSilent_isGivenUp() {
    hub.instead("GET", "/store/" + WEIGHTS, 1, hub.silenceAfter(BYTES, 100_000));
    hub.instead("GET", "/store/" + WEIGHTS, 9, hub.silence());

    assertEquals(
        givenUp(hub.storeAddress(), "none within 0.3 s"), failure(hub(impatient()), "org/name"));
    assertEquals(List.of("all", "bytes=100000-", "bytes=100000-"), hub.fetches(WEIGHTS));
  }

  @Test
  void download_noHubThere_isGivenUp() {
    String endpoint = hub.endpoint();
    hub.close();

    assertEquals(givenUp(endpoint, "no connection or a cut one"), failure());
  }

  @Test
  void download_cutWithoutProgress_isGivenUpAndKept() throws IOException {
    hub.cutting(WEIGHTS, 1_000_000, 1).cutting(WEIGHTS, 0, 9);

    assertEquals(givenUp(hub.storeAddress(), "no connection or a cut one"), failure());
    assertEquals(List.of(hub.etag(WEIGHTS) + ".incomplete"), blobs());
    assertFalse(Files.exists(cache.resolve("models--org--name/snapshots")));
    assertFalse(Files.exists(cache.resolve("models--org--name/refs")));
  }

  @Test
  void download_alwaysAnewAndCut_isGivenUp() {
    hub.instead("GET", "/store/" + WEIGHTS, 99, hub.sending(BYTES, 1_000_000));

    assertEquals(givenUp(hub.storeAddress(), "no connection or a cut one"), failure());
    assertEquals(3, hub.fetches(WEIGHTS).size());
  }

  @Test
  void download_wrongChecksumOfALargeFile_isRemoved() throws IOException {
    byte[] other = FakeHub.bytes(BYTES.length);
    other[7]++;
    hub.instead("GET", "/store/" + WEIGHTS, 1, hub.sending(other));

    String message = failure();

    assertTrue(
        message.matches(
            String.format(
                Locale.ROOT,
                "org/name: model.safetensors expected with checksum %s, got [0-9a-f]{64};"
                    + " it was removed, run it again",
                hub.etag(WEIGHTS))),
        message);
    assertEquals(List.of(), blobs());
  }

  @Test
  void download_wrongChecksumOfASmallFile_isRemoved() throws IOException {
    hub.small("config.json", new byte[] {'{', '}'});
    hub.instead("GET", "/config.json", 1, FakeHub.answer(200, "[]"));

    assertEquals(
        "org/name: config.json expected with checksum 9e26dfeeb6e641a33dae4961196235bdb965b21b,"
            + " got 0637a088a01e8ddab3bf3fa98dbe804cbde1a0dc; it was removed, run it again",
        failure("org/name", List.of("config.json")));
    assertEquals(List.of(), blobs());
  }

  @Test
  void download_moreThanAnnounced_isRemoved() throws IOException {
    hub.instead("GET", "/store/" + WEIGHTS, 1, hub.sending(FakeHub.bytes(BYTES.length + 1)));

    assertEquals(
        "org/name: model.safetensors expected of 3000000 bytes, got more; it was removed,"
            + " run it again",
        failure());
    assertEquals(List.of(), blobs());
  }

  @Test
  void download_tooFullADisk_isToldBeforehand() {
    machine.room = 2_999_999;

    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name: 3 MB expected to be free in %s, got 2; make room or set HF_HUB_CACHE",
            cache),
        failure());
    assertEquals(List.of(), hub.fetches(WEIGHTS));
  }

  @Test
  void download_offlineWithoutTheModel_isRefused() {
    Map<String, String> environment = new HashMap<>(hub.environment(cache));
    environment.put("HF_HUB_OFFLINE", "1");

    assertEquals(
        String.format(
            Locale.ROOT,
            "org/name: model expected in the cache %s, got none; this is offline,"
                + " so unset HF_HUB_OFFLINE or leave out --offline to download it",
            cache),
        failure(Hub.of(environment), "org/name"));
    assertEquals(List.of(), hub.requests());
  }

  @Test
  void download_fileLockedByOneThatStandsStill_isGivenUp() throws IOException {
    Path lock = cache.resolve(".locks/models--org--name").resolve(hub.etag(WEIGHTS) + ".lock");
    Files.createDirectories(lock.resolveSibling(""));
    try (var channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var held = channel.lock()) {
      assertTrue(held.isValid());
      assertEquals(
          "org/name: model.safetensors expected to be ours to write,"
              + " got it locked by a download that stands still; end that one",
          failure());
    }
    assertEquals(List.of(), hub.fetches(WEIGHTS));
  }

  private static String givenUp(String host, String got) {
    return String.format(
            Locale.ROOT, "org/name: answer expected from %s, got %s in 3 attempts;", host, got)
        + " check the network and HF_ENDPOINT";
  }

  private Limits impatient() {
    return new Limits(Duration.ofMillis(300), 3, Duration.ofMinutes(1), Duration.ofMinutes(1));
  }

  private Hub hub() {
    return hub(limits);
  }

  private Hub hub(Limits patience) {
    return Hub.of(hub.environment(cache)).with(new DownloadResources(patience, machine));
  }

  private String failure() {
    return failure(hub(), "org/name");
  }

  private static String failure(Hub from, String id) {
    return String.valueOf(assertThrows(HubException.class, () -> from.download(id)).getMessage());
  }

  private String failure(String id, List<String> included) {
    FileChoice choice = FileChoice.standard().including(included);
    return String.valueOf(
        assertThrows(
                HubException.class, () -> hub().download(id, choice, (file, done, total) -> {}))
            .getMessage());
  }

  private List<String> blobs() throws IOException {
    try (Stream<Path> files = Files.list(cache.resolve("models--org--name/blobs"))) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }
}
