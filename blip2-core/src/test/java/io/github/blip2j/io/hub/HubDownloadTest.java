package io.github.blip2j.io.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.io.hub.FakeHub.Request;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HubDownloadTest {
  private static final String WEIGHTS = "model.safetensors";
  private static final String TOKEN = "hf_secret";
  private static final byte[] BYTES = FakeHub.bytes(300_000);
  private static final byte[] CONFIG =
      "{\"model_type\": \"blip-2\"}".getBytes(StandardCharsets.UTF_8);

  private final Path cache;
  private final Path model;
  private final FakeHub hub;

  HubDownloadTest(@TempDir Path folder) throws IOException {
    cache = folder.resolve("cache");
    model = cache.resolve("models--org--name");
    hub = FakeHub.start().small("config.json", CONFIG).large(WEIGHTS, BYTES);
    hub.small("README.md", new byte[10]);
  }

  @AfterEach
  void close() {
    hub.close();
  }

  @Test
  void download_model_fillsTheStandardLayout() throws IOException {
    Download download = hub().download("org/name");

    Path snapshot = model.resolve("snapshots").resolve(FakeHub.COMMIT);
    List<DownloadedFile> files =
        List.of(
            new DownloadedFile("config.json", CONFIG.length, true),
            new DownloadedFile(WEIGHTS, BYTES.length, true));
    assertEquals(new Download("org/name", "main", FakeHub.COMMIT, snapshot, files), download);
    assertEquals(FakeHub.COMMIT, Files.readString(model.resolve("refs/main")));
    assertEquals(
        Path.of("../../blobs").resolve(hub.etag(WEIGHTS)),
        Files.readSymbolicLink(snapshot.resolve(WEIGHTS)));
    assertArrayEquals(BYTES, Files.readAllBytes(snapshot.resolve(WEIGHTS)));
    assertArrayEquals(CONFIG, Files.readAllBytes(snapshot.resolve("config.json")));
    assertEquals(snapshot, HubCache.at(cache).folder("org/name"));
    assertEquals(
        List.of(hub.etag("config.json"), hub.etag(WEIGHTS)).stream().sorted().toList(), blobs());
  }

  @Test
  void download_again_transfersNothing() throws IOException {
    hub().download("org/name");
    int before = hub.requests().size();

    Download again = hub().download("org/name");

    assertTrue(again.files().stream().noneMatch(DownloadedFile::downloaded));
    List<Request> requests = hub.requests().subList(before, hub.requests().size());
    assertEquals(List.of("GET", "HEAD", "HEAD"), requests.stream().map(Request::method).toList());
  }

  @Test
  void download_pullRequest_isAskedForAndReferredToByItsName() throws IOException {
    hub().download("org/name@refs/pr/1");

    assertEquals("/api/models/org/name/revision/refs%2Fpr%2F1", hub.requests().get(0).path());
    assertEquals(FakeHub.COMMIT, Files.readString(model.resolve("refs/refs/pr/1")));
  }

  @Test
  void download_commit_needsNoReference() throws IOException {
    Download download = hub().download("org/name@" + FakeHub.COMMIT);

    assertFalse(Files.exists(model.resolve("refs")));
    assertEquals(download.folder(), HubCache.at(cache).folder("org/name@" + FakeHub.COMMIT));
  }

  @Test
  void download_includedSubfolder_isLinkedFromThere() throws IOException {
    hub.large("deep/er/a b.bin", BYTES);
    var choice = FileChoice.standard().including(List.of("deep/*"));

    Download download = hub().download("org/name", choice, (file, done, total) -> {});

    assertEquals(
        Path.of("../../../../blobs").resolve(hub.etag(WEIGHTS)),
        Files.readSymbolicLink(download.folder().resolve("deep/er/a b.bin")));
  }

  @Test
  void download_whereThereAreNoLinks_isWholeAllTheSame() throws IOException {
    var machine = new TestMachine();
    machine.links = false;

    Download download = hub(machine).download("org/name");
    hub(machine).download("org/name");

    assertFalse(Files.isSymbolicLink(download.folder().resolve(WEIGHTS)));
    assertArrayEquals(BYTES, Files.readAllBytes(download.folder().resolve(WEIGHTS)));
    assertEquals(1, hub.fetches(WEIGHTS).size());
  }

  @Test
  void download_byTwoThreadsAtOnce_endsInOneCache() throws Exception {
    var threads = Executors.newFixedThreadPool(2);
    Future<Download> one =
        threads.submit(() -> Hub.of(hub.environment(cache)).download("org/name"));
    Future<Download> two =
        threads.submit(() -> Hub.of(hub.environment(cache)).download("org/name"));
    threads.shutdown();

    assertEquals(1, downloads(one) + downloads(two));
    assertEquals(1, hub.fetches(WEIGHTS).size());
    assertEquals(2, blobs().size());
    assertArrayEquals(BYTES, Files.readAllBytes(one.get().folder().resolve(WEIGHTS)));
  }

  @Test
  void download_token_isShownToTheHubAlone() throws IOException {
    hub(Map.of("HF_TOKEN", TOKEN)).download("org/name");

    for (Request request : hub.requests()) {
      assertEquals(request.ofStore() ? null : "Bearer " + TOKEN, request.authorization());
    }
    assertTrue(hub.requests().stream().anyMatch(Request::ofStore));
  }

  @Test
  void download_tokenAfterALeadBackToTheHub_isNotShown() throws IOException {
    String back = hub.endpoint() + "/store-of-hub";
    hub.instead("GET", "/store/" + WEIGHTS, 1, FakeHub.answer(302, "", "Location", back));
    hub.instead("GET", "/store-of-hub", 1, hub.sending(BYTES));

    hub(Map.of("HF_TOKEN", TOKEN)).download("org/name");

    Request last = hub.requests().get(hub.requests().size() - 1);
    assertEquals(new Request(false, "GET", "/store-of-hub", null, null), last);
  }

  @Test
  void download_tokenOfALogin_isReadFromItsFile() throws IOException {
    Files.createDirectories(cache);
    Files.writeString(cache.resolve("token"), TOKEN + "\n");

    hub(Map.of("HF_HOME", cache.toString())).download("org/name");

    assertEquals("Bearer " + TOKEN, hub.requests().get(0).authorization());
  }

  @Test
  void download_relativeRedirects_areFollowed() throws IOException {
    String moved = String.format(Locale.ROOT, "/org/name/resolve/%s/config.json", FakeHub.COMMIT);
    hub.instead("HEAD", moved, 1, FakeHub.answer(307, "", "Location", "./config.json"));
    hub.instead("GET", moved, 1, FakeHub.answer(307, "", "Location", moved + "?again"));

    Download download = hub().download("org/name");

    assertArrayEquals(CONFIG, Files.readAllBytes(download.folder().resolve("config.json")));
  }

  @Test
  void download_progress_growsToTheTotal() throws IOException {
    List<Long> all = new ArrayList<>();
    var totals = new AtomicLong();

    hub()
        .download(
            "org/name",
            FileChoice.standard(),
            (file, done, total) -> {
              all.add(done);
              totals.set(total);
            });

    assertEquals(all.stream().sorted().toList(), all);
    assertEquals(CONFIG.length + BYTES.length, totals.get());
    assertEquals(totals.get(), all.get(all.size() - 1));
  }

  @Test
  void download_cutHalfWay_goesOnFromThere() throws IOException {
    hub.cutting(WEIGHTS, 100_000, 2);
    var machine = new TestMachine();

    Download download = hub(machine).download("org/name");

    assertArrayEquals(BYTES, Files.readAllBytes(download.folder().resolve(WEIGHTS)));
    assertEquals(List.of("all", "bytes=100000-", "bytes=200000-"), hub.fetches(WEIGHTS));
    assertEquals(List.of("PT1S", "PT1S"), machine.pauses.stream().map(Object::toString).toList());
  }

  @Test
  void download_afterAKilledOne_asksForTheRest() throws IOException {
    leave(200_000);

    Download download = hub().download("org/name");

    assertArrayEquals(BYTES, Files.readAllBytes(download.folder().resolve(WEIGHTS)));
    assertEquals(List.of("bytes=200000-"), hub.fetches(WEIGHTS));
    assertEquals(2, blobs().size());
  }

  @Test
  void download_afterOneKilledAtTheEnd_asksForNothing() throws IOException {
    leave(BYTES.length);

    Download download = hub().download("org/name");

    assertArrayEquals(BYTES, Files.readAllBytes(download.folder().resolve(WEIGHTS)));
    assertEquals(List.of(), hub.fetches(WEIGHTS));
  }

  @Test
  void download_ofAHostWithoutRanges_startsAnew() throws IOException {
    leave(200_000);
    hub.instead("GET", "/store/" + WEIGHTS, 1, hub.sending(BYTES));

    Download download = hub().download("org/name");

    assertArrayEquals(BYTES, Files.readAllBytes(download.folder().resolve(WEIGHTS)));
  }

  @Test
  void download_otherRangeThanAskedFor_startsAnew() throws IOException {
    leave(200_000);
    hub.instead(
        "GET",
        "/store/" + WEIGHTS,
        1,
        FakeHub.answer(206, "xyz", "Content-Range", "bytes 100000-100002/300000"));

    Download download = hub().download("org/name");

    assertArrayEquals(BYTES, Files.readAllBytes(download.folder().resolve(WEIGHTS)));
    assertEquals(List.of("bytes=200000-", "all"), hub.fetches(WEIGHTS));
  }

  @Test
  void download_refusedRange_startsAnew() throws IOException {
    leave(200_000);
    hub.instead("GET", "/store/" + WEIGHTS, 1, FakeHub.answer(416, ""));

    hub().download("org/name");

    assertEquals(List.of("bytes=200000-", "all"), hub.fetches(WEIGHTS));
  }

  @Test
  void download_moreLeftThanThereIs_startsAnew() throws IOException {
    leave(BYTES.length + 1);

    hub().download("org/name");

    assertEquals(List.of("all"), hub.fetches(WEIGHTS));
  }

  @Test
  void download_shortenedFile_isFetchedAgain() throws IOException {
    Download first = hub().download("org/name");
    Files.write(model.resolve("blobs").resolve(hub.etag(WEIGHTS)), new byte[3]);

    hub().download("org/name");

    assertArrayEquals(BYTES, Files.readAllBytes(first.folder().resolve(WEIGHTS)));
  }

  @Test
  void download_ofUntoldSize_isWhole() throws IOException {
    leave(200_000);
    hub.instead(
        "HEAD", WEIGHTS, 1, FakeHub.answer(200, "", "ETag", "\"" + hub.etag(WEIGHTS) + "\""));

    Download download = hub().download("org/name");

    assertArrayEquals(BYTES, Files.readAllBytes(download.folder().resolve(WEIGHTS)));
    assertEquals(List.of("all"), hub.fetches(WEIGHTS));
  }

  @Test
  void download_ofNoSizeAtAll_isRefused() throws Exception {
    byte[] half =
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf".getBytes(StandardCharsets.US_ASCII);
    var threads = Executors.newSingleThreadExecutor();
    try (var store = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Future<Boolean> sent =
          threads.submit(
              () -> {
                try (Socket asked = store.accept()) {
                  int request = asked.getInputStream().read(new byte[4096]);
                  asked.getOutputStream().write(half);
                  return request > 0;
                }
              });
      String address = String.format(Locale.ROOT, "http://127.0.0.1:%d/", store.getLocalPort());
      hub.instead("HEAD", WEIGHTS, 1, FakeHub.answer(200, "", "ETag", "\"no-checksum\""));
      hub.instead("GET", WEIGHTS, 1, FakeHub.answer(302, "", "Location", address));

      var thrown = assertThrows(HubException.class, () -> hub().download("org/name"));

      assertEquals(
          "org/name: model.safetensors expected with its size, got none; check HF_ENDPOINT",
          thrown.getMessage());
      assertTrue(sent.get());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void download_offline_isTheChosenOfWhatIsThere() throws IOException {
    hub().download("org/name");
    Hub offline = hub().offline();
    var config = FileChoice.standard().including(List.of("config*"));
    var readme = FileChoice.standard().including(List.of("README.md"));

    Download chosen = offline.download("org/name", config, (file, done, total) -> {});
    var thrown =
        assertThrows(
            HubException.class,
            () -> offline.download("org/name", readme, (file, done, total) -> {}));

    assertEquals(List.of(new DownloadedFile("config.json", CONFIG.length, false)), chosen.files());
    assertEquals(
        "org/name: files expected that match README.md, got none among 2; look at their names",
        thrown.getMessage());
  }

  @Test
  void download_offline_isWhatIsThere() throws IOException {
    Download online = hub().download("org/name");
    int before = hub.requests().size();

    Download offline = hub(Map.of("HF_HUB_OFFLINE", "true")).download("org/name");

    assertEquals(before, hub.requests().size());
    assertEquals(online.folder(), offline.folder());
    assertEquals(
        List.of(
            new DownloadedFile("config.json", CONFIG.length, false),
            new DownloadedFile(WEIGHTS, BYTES.length, false)),
        offline.files());
  }

  private Hub hub() {
    return hub(new TestMachine());
  }

  private Hub hub(TestMachine machine) {
    return Hub.of(hub.environment(cache))
        .with(new DownloadResources(Limits.standard(Limits.SILENCE), machine));
  }

  private Hub hub(Map<String, String> variables) {
    Map<String, String> environment = new HashMap<>(hub.environment(cache));
    environment.putAll(variables);
    return Hub.of(environment);
  }

  /** What a killed download leaves behind. */
  private void leave(int count) throws IOException {
    byte[] part = Arrays.copyOf(BYTES, count);
    Path blobs = Files.createDirectories(model.resolve("blobs"));
    Files.write(blobs.resolve(hub.etag(WEIGHTS) + ".incomplete"), part);
  }

  private List<String> blobs() throws IOException {
    try (Stream<Path> files = Files.list(model.resolve("blobs"))) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  private static long downloads(Future<Download> download)
      throws ExecutionException, InterruptedException {
    return download.get().files().stream()
        .filter(file -> file.name().equals(WEIGHTS) && file.downloaded())
        .count();
  }
}
