package io.github.blip2j.io.hub;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two processes that download one model into one cache. */
final class HubProcessesTest {
  private static final String WEIGHTS = "model.safetensors";
  private static final byte[] BYTES = FakeHub.bytes(300_000);
  private static final int HALF = BYTES.length / 2;
  private static final byte[] CONFIG = "{}".getBytes(StandardCharsets.UTF_8);
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);

  /** The other process. */
  static final class Downloader {
    private Downloader() {}

    @SuppressWarnings("SystemOut") // how the process answers
    public static void main(String[] args) throws IOException {
      System.out.print(summary(download(args[0], Path.of(args[1]))));
    }
  }

  private final Path cache;
  private final FakeHub hub;
  private final List<Process> started = new ArrayList<>();

  HubProcessesTest(@TempDir Path folder) throws IOException {
    cache = folder.resolve("cache");
    hub = FakeHub.start().small("config.json", CONFIG).large(WEIGHTS, BYTES);
  }

  @AfterEach
  void close() throws InterruptedException {
    for (Process each : started) {
      each.destroyForcibly().waitFor();
    }
    hub.close();
  }

  @Test
  void download_byTwoProcessesAtOnce_fetchesEachFileOnce() throws Exception {
    hub.instead("GET", "/store/" + WEIGHTS, 1, this::sendWhenBothHaveCome);
    Process other = start();

    Download here = download(hub.endpoint(), cache);
    String there = answer(other);

    assertEquals(List.of("all"), hub.fetches(WEIGHTS));
    assertEquals(List.of("all"), hub.fetches("config.json"));
    for (String file : List.of("config.json", WEIGHTS)) {
      long brought =
          Stream.of(summary(here), there).filter(s -> s.contains(file + " true")).count();
      assertEquals(1, brought, file + " brought by one, waited for by the other");
    }
    assertArrayEquals(BYTES, Files.readAllBytes(here.folder().resolve(WEIGHTS)));
    assertTrue(there.startsWith(here.folder() + "\n"), there);
    assertOnlyTheFiles();
  }

  @Test
  void download_otherProcessKilledMeanwhile_goesOnWhereThatStopped() throws Exception {
    hub.instead("GET", "/store/" + WEIGHTS, 1, hub.silenceAfter(BYTES, HALF));
    Process other = start();
    await(() -> sizeOfIncomplete() == HALF);
    Future<Download> here =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return download(hub.endpoint(), cache);
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    await(() -> heads() == 2);

    other.destroyForcibly().waitFor(); // SIGKILL, with the lock held

    assertNotEquals(0, other.exitValue());
    Path folder = here.get(60, TimeUnit.SECONDS).folder();
    assertArrayEquals(BYTES, Files.readAllBytes(folder.resolve(WEIGHTS)));
    assertEquals(List.of("all", "bytes=" + HALF + "-"), hub.fetches(WEIGHTS));
    assertOnlyTheFiles();
  }

  /** Half, then nothing until both have asked how large it is and one has had time to wait. */
  private void sendWhenBothHaveCome(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, BYTES.length);
    exchange.getResponseBody().write(BYTES, 0, HALF);
    exchange.getResponseBody().flush();
    await(() -> heads() == 2);
    pause(500);
    exchange.getResponseBody().write(BYTES, HALF, BYTES.length - HALF);
    exchange.getResponseBody().flush();
  }

  private long heads() {
    return hub.requests().stream()
        .filter(request -> request.method().equals("HEAD") && request.path().endsWith(WEIGHTS))
        .count();
  }

  private long sizeOfIncomplete() {
    try {
      return BlobLock.sizeOf(blobs().resolve(hub.etag(WEIGHTS) + ".incomplete"));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void assertOnlyTheFiles() throws IOException {
    try (Stream<Path> files = Files.list(blobs())) {
      assertEquals(
          Stream.of("config.json", WEIGHTS).map(hub::etag).sorted().toList(),
          files.map(file -> String.valueOf(file.getFileName())).sorted().toList());
    }
  }

  private Path blobs() {
    return cache.resolve("models--org--name").resolve("blobs");
  }

  /** With patience for a process that is slow to start. */
  private static Download download(String endpoint, Path cache) throws IOException {
    Map<String, String> variables =
        Map.of(
            "HF_ENDPOINT",
            endpoint,
            "HF_HUB_CACHE",
            cache.toString(),
            "HF_HOME",
            "/none",
            "HF_HUB_DOWNLOAD_TIMEOUT",
            "60");
    return Hub.of(variables).download("org/name");
  }

  private Process start() throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes = System.getProperty("java.class.path", "");
    String main = Downloader.class.getName();
    var command = List.of(java, "-cp", classes, main, hub.endpoint(), cache.toString());
    var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
    Process process = builder.start();
    started.add(process);
    return process;
  }

  private static String answer(Process process) throws IOException, InterruptedException {
    byte[] output = process.getInputStream().readAllBytes();
    assertEquals(0, process.waitFor());
    return new String(output, StandardCharsets.UTF_8);
  }

  /** The folder, and whether each file was fetched. */
  private static String summary(Download download) {
    var text = new StringBuilder(download.folder() + "\n");
    for (DownloadedFile file : download.files()) {
      text.append(file.name()).append(' ').append(file.downloaded()).append('\n');
    }
    return text.toString();
  }

  private static void await(BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() - start < PATIENCE, "too slow");
      pause(5);
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
