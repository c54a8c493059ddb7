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
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void download_withoutTheRight_saysHowToGetIt(int status) {
    hub.instead("GET", MAIN, 1, FakeHub.answer(status, ""));

    assertEquals(
        "org/name: right to read expected, got HTTP %d; check the name, set HF_TOKEN, and accept"
                .formatted(status)
            + " the licence at %s/org/name".formatted(hub.endpoint()),
        failure());
    assertEquals(1, hub.requests().size());
  }

  @Test
  void download_fileWithoutTheRight_saysHowToGetIt() {
    hub.instead("HEAD", WEIGHTS, 1, FakeHub.answer(403, ""));

    assertEquals(
        "org/name: right to read expected, got HTTP 403; check the name, set HF_TOKEN, and accept"
            + " the licence at %s/org/name".formatted(hub.endpoint()),
        failure());
  }

  @Test
  void download_unknownModel_namesIt() {
    assertEquals(
        "org/other: model expected at %s/org/other, got HTTP 404; check its name"
            .formatted(hub.endpoint()),
        failure("org/other"));
  }

  @Test
  void download_unknownModelOrRevision_namesBoth() {
    assertEquals(
        "org/other@v2: model expected at %s/org/other with revision v2, got HTTP 404; check its name and the revision"
            .formatted(hub.endpoint()),
        failure("org/other@v2"));
  }

  @Test
  void download_unknownRevision_namesIt() {
    hub.instead(
        "GET", "/revision/v2", 1, FakeHub.answer(404, "", "X-Error-Code", "RevisionNotFound"));

    assertEquals(
        "org/name@v2: revision v2 expected at %s/org/name, got HTTP 404; look there for the revisions it has"
            .formatted(hub.endpoint()),
        failure("org/name@v2"));
  }

  @Test
  void download_missingFile_namesIt() {
    hub.instead("HEAD", WEIGHTS, 1, FakeHub.answer(404, ""));

    assertEquals(
        "org/name: file model.safetensors expected at %s/org/name, got HTTP 404; run it again"
            .formatted(hub.endpoint()),
        failure());
  }

  @Test
  void download_oddStatus_isTold() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(418, ""));

    assertEquals(
        "org/name: list of files expected from %s, got HTTP 418; check HF_ENDPOINT"
            .formatted(hub.endpoint()),
        failure());
  }

  @Test
  void download_brokenHub_isTriedAgainWithGrowingPauses() {
    hub.instead("GET", MAIN, 3, FakeHub.answer(500, ""));

    assertEquals(
        "org/name: answer expected from %s, got HTTP 500 in 3 attempts; check the network and HF_ENDPOINT"
            .formatted(hub.endpoint()),
        failure());
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
        "org/name: answer expected from %s, got HTTP 429 and to wait for 3600 s; run it again then"
            .formatted(hub.endpoint()),
        failure());
  }

  @Test
  void download_expiredAddressOfAStore_isAskedForAgain() throws IOException {
    hub.instead("GET", "/store/" + WEIGHTS, 1, FakeHub.answer(403, ""));

    hub().download("org/name");

    assertEquals(List.of("all", "all"), hub.fetches(WEIGHTS));
  }

  @Test
  void download_garbage_isNoAnswer() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(200, "{\"sha\": "));

    assertEquals(
        hub.endpoint()
            + "/api/models/org/name/revision/main: JSON expected, got malformed text; check HF_ENDPOINT",
        failure());
  }

  @Test
  void download_html_isNoAnswer() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(200, "\n<!doctype html><title>Log in</title>"));

    assertEquals(
        hub.endpoint()
            + "/api/models/org/name/revision/main: JSON expected, got HTML; check HF_ENDPOINT and whether the network wants a login",
        failure());
  }

  @Test
  void download_answerWithoutCommit_saysSo() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(200, "{\"siblings\": []}"));

    assertEquals(
        hub.endpoint() + "/api/models/org/name/revision/main: sha is missing; check HF_ENDPOINT",
        failure());
  }

  @Test
  void download_commitThatIsAPath_isRefused() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(200, "{\"sha\": \"../x\", \"siblings\": []}"));

    assertEquals(
        hub.endpoint()
            + "/api/models/org/name/revision/main: sha expected a commit, got \"../x\"; check HF_ENDPOINT",
        failure());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../model.safetensors",
        "/tmp/model.safetensors",
        "a/../../model.safetensors",
        "a//model.safetensors",
        "..\\\\model.safetensors",
        "C:model.safetensors",
        "./model.safetensors",
        ""
      })
  void download_nameThatLeadsOutside_isRefused(String name) throws IOException {
    hub.instead(
        "GET",
        MAIN,
        1,
        FakeHub.answer(
            200,
            "{\"sha\": \"%s\", \"siblings\": [{\"rfilename\": \"%s\"}]}"
                .formatted(FakeHub.COMMIT, name)));

    assertEquals(
        "%s/api/models/org/name/revision/main: rfilename expected a path within the model, got \"%s\"; check HF_ENDPOINT"
            .formatted(hub.endpoint(), name.replace("\\\\", "\\")),
        failure());
    assertFalse(Files.exists(cache));
  }

  @Test
  void download_etagThatIsAPath_isRefused() {
    hub.instead("HEAD", WEIGHTS, 1, FakeHub.answer(200, "", "ETag", "\"../../x\""));

    assertEquals(
        "org/name: model.safetensors expected with an ETag, got \"../../x\"; check HF_ENDPOINT",
        failure());
  }

  @Test
  void download_fileOfAnotherCommit_isRefused() {
    hub.instead(
        "HEAD", WEIGHTS, 1, FakeHub.answer(200, "", "ETag", "\"a\"", "X-Repo-Commit", "other"));

    assertEquals(
        "org/name: model.safetensors expected of commit %s, got it of other; run it again"
            .formatted(FakeHub.COMMIT),
        failure());
  }

  @Test
  void download_hubThatNeverAnswers_isGivenUp() {
    hub.instead("GET", MAIN, 9, hub.silence());

    assertEquals(
        "org/name: answer expected from %s, got none within 0.3 s in 3 attempts; check the network and HF_ENDPOINT"
            .formatted(hub.endpoint()),
        failure(hub(impatient()), "org/name"));
  }

  @Test
  void download_storeThatFallsSilent_isGivenUp() {
    hub.instead("GET", "/store/" + WEIGHTS, 1, hub.silenceAfter(BYTES, 100_000));
    hub.instead("GET", "/store/" + WEIGHTS, 9, hub.silence());

    assertEquals(
        "org/name: answer expected from %s, got none within 0.3 s in 3 attempts; check the network and HF_ENDPOINT"
            .formatted(hub.storeAddress()),
        failure(hub(impatient()), "org/name"));
    assertEquals(List.of("all", "bytes=100000-", "bytes=100000-"), hub.fetches(WEIGHTS));
  }

  @Test
  void download_noHubThere_isGivenUp() {
    String endpoint = hub.endpoint();
    hub.close();

    assertEquals(
        "org/name: answer expected from %s, got no connection or a cut one in 3 attempts; check the network and HF_ENDPOINT"
            .formatted(endpoint),
        failure());
  }

  @Test
  void download_cutWithoutProgress_isGivenUpAndKept() throws IOException {
    hub.cutting(WEIGHTS, 1_000_000, 1).cutting(WEIGHTS, 0, 9);

    assertEquals(
        "org/name: answer expected from %s, got no connection or a cut one in 3 attempts; check the network and HF_ENDPOINT"
            .formatted(hub.storeAddress()),
        failure());
    assertEquals(List.of(hub.etag(WEIGHTS) + ".incomplete"), blobs());
    assertFalse(Files.exists(cache.resolve("models--org--name/snapshots")));
    assertFalse(Files.exists(cache.resolve("models--org--name/refs")));
  }

  @Test
  void download_alwaysAnewAndCut_isGivenUp() {
    hub.instead("GET", "/store/" + WEIGHTS, 99, hub.sending(BYTES, 1_000_000));

    assertEquals(
        "org/name: answer expected from %s, got no connection or a cut one in 3 attempts; check the network and HF_ENDPOINT"
            .formatted(hub.storeAddress()),
        failure());
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
            "org/name: model.safetensors expected with checksum %s, got [0-9a-f]{64}; it was removed, run it again"
                .formatted(hub.etag(WEIGHTS))),
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
        "org/name: model.safetensors expected of 3000000 bytes, got more; it was removed, run it again",
        failure());
    assertEquals(List.of(), blobs());
  }

  @Test
  void download_redirectsInACircle_end() {
    hub.instead("GET", MAIN, 99, FakeHub.answer(302, "", "Location", "main"));

    assertEquals(
        "org/name: at most 10 redirects expected from %s, got more; check HF_ENDPOINT"
            .formatted(hub.endpoint()),
        failure());
    assertEquals(11, hub.requests().size());
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/passwd", "ftp://host/x", "http:", "http://a b"})
  void download_redirectToSomethingElse_isRefused(String target) {
    hub.instead("GET", MAIN, 1, FakeHub.answer(302, "", "Location", target + "?signature"));

    assertEquals(
        "org/name: redirect expected to an address that is as safe, got %s?...; check HF_ENDPOINT"
            .formatted(target),
        failure());
  }

  @Test
  void download_redirectToNowhere_isRefused() {
    hub.instead("GET", MAIN, 1, FakeHub.answer(302, ""));

    assertEquals(
        "org/name: redirect expected to an address that is as safe, got none; check HF_ENDPOINT",
        failure());
  }

  @Test
  void download_tooFullADisk_isToldBeforehand() {
    machine.room = 2_999_999;

    assertEquals(
        "org/name: 3 MB expected to be free in %s, got 2; make room or set HF_HUB_CACHE"
            .formatted(cache),
        failure());
    assertEquals(List.of(), hub.fetches(WEIGHTS));
  }

  @Test
  void download_offlineWithoutTheModel_isRefused() {
    Map<String, String> environment = new HashMap<>(hub.environment(cache));
    environment.put("HF_HUB_OFFLINE", "1");

    assertEquals(
        "org/name: model expected in the cache %s, got none; this is offline, so unset HF_HUB_OFFLINE or leave out --offline to download it"
            .formatted(cache),
        failure(Hub.of(environment), "org/name"));
    assertEquals(List.of(), hub.requests());
  }

  @Test
  void download_whatIsNoId_isRefused() {
    assertEquals(
        "model id expected as in org/name or org/name@revision, got 'name'",
        assertThrows(IllegalArgumentException.class, () -> hub().download("name")).getMessage());
  }

  @Test
  void download_fileLockedByOneThatStandsStill_isGivenUp() throws IOException {
    Path lock = cache.resolve(".locks/models--org--name").resolve(hub.etag(WEIGHTS) + ".lock");
    Files.createDirectories(lock.resolveSibling(""));
    try (var channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var held = channel.lock()) {
      assertTrue(held.isValid());
      assertEquals(
          "org/name: model.safetensors expected to be ours to write, got it locked by a download that stands still; end that one",
          failure());
    }
    assertEquals(List.of(), hub.fetches(WEIGHTS));
  }

  @ParameterizedTest
  @ValueSource(strings = {"huggingface", "ftp://host", "http://", "http://a b"})
  void of_endpointThatIsNone_isRefused(String endpoint) {
    assertEquals(
        "HF_ENDPOINT: address expected as in https://host, got '%s'".formatted(endpoint),
        refusal("HF_ENDPOINT", endpoint));
  }

  @Test
  void of_endpointWithPassword_isNotShown() {
    assertEquals(
        "HF_ENDPOINT: address expected as in https://host, got one with a user in it",
        refusal("HF_ENDPOINT", "http://me:secret@host"));
  }

  @Test
  void of_tokenThatIsNone_isNotShown() {
    assertEquals(
        "HF_TOKEN: token expected of letters, digits and signs, got other characters",
        refusal("HF_TOKEN", "hf_se\ncret"));
  }

  @Test
  void of_timeoutThatIsNone_isRefused() {
    assertEquals(
        "HF_HUB_DOWNLOAD_TIMEOUT: whole seconds expected, got soon",
        refusal("HF_HUB_DOWNLOAD_TIMEOUT", "soon"));
  }

  private Limits impatient() {
    return new Limits(Duration.ofMillis(300), 3, Duration.ofMinutes(1), Duration.ofMinutes(1));
  }

  private Hub hub() {
    return hub(limits);
  }

  private Hub hub(Limits patience) {
    return Hub.of(hub.environment(cache)).with(new Means(patience, machine));
  }

  private String failure() {
    return failure("org/name");
  }

  private String failure(String id) {
    return failure(hub(), id);
  }

  private static String failure(Hub from, String id) {
    return assertThrows(HubException.class, () -> from.download(id)).getMessage();
  }

  private String failure(String id, List<String> included) {
    FileChoice choice = FileChoice.standard().including(included);
    return assertThrows(
            HubException.class, () -> hub().download(id, choice, (file, done, total) -> {}))
        .getMessage();
  }

  private String refusal(String variable, String value) {
    Map<String, String> environment = new HashMap<>(hub.environment(cache));
    environment.put(variable, value);
    return assertThrows(
            IllegalArgumentException.class, () -> Hub.of(environment).download("org/name"))
        .getMessage();
  }

  private List<String> blobs() throws IOException {
    try (Stream<Path> files = Files.list(cache.resolve("models--org--name/blobs"))) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }
}
