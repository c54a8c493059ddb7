package io.github.blip2j.cli.serve;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.cli.Main;
import io.github.blip2j.cli.Shell;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code blip2 serve}, as a process and its command line. */
final class ServeCommandTest {
  private static final int SIGTERM = 128 + 15;
  private static final Path IMAGE =
      Path.of("..", "blip2-llm/src/test/resources/golden/hf-itm/images/a.png");

  @Test
  void process_serves_andAfterSigtermEndsTheRequestsUnderWay(@TempDir Path folder)
      throws Exception {
    Process process = start(folder);
    try {
      URI address = address(process, folder);
      HttpClient http = HttpClient.newHttpClient();
      assertEquals(200, http.send(get(address, "/health"), BodyHandlers.ofString()).statusCode());
      CompletableFuture<HttpResponse<String>> underWay =
          http.sendAsync(longWork(address), BodyHandlers.ofString());
      awaitRunning(http, address);

      process.destroy();

      assertEquals(200, underWay.get(60, TimeUnit.SECONDS).statusCode());
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(SIGTERM, process.exitValue(), () -> read(folder));
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static Process start(Path folder) throws IOException {
    return builder("0").redirectError(folder.resolve("errors").toFile()).start();
  }

  private static ProcessBuilder builder(String port, String... more) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        new ArrayList<>(
            List.of(
                java,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "serve",
                "--port",
                port));
    command.addAll(List.of(more));
    return new ProcessBuilder(command);
  }

  private static URI address(Process process, Path folder) throws IOException {
    var out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    assertTrue(line != null && line.startsWith("http://127.0.0.1:"), () -> read(folder));
    return URI.create(String.valueOf(line));
  }

  private static String read(Path folder) {
    try {
      return Files.readString(folder.resolve("errors"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  private static HttpRequest get(URI address, String path) {
    return HttpRequest.newBuilder(address.resolve(path)).build();
  }

  /** Candidates that take a second or so. */
  private static HttpRequest longWork(URI address) throws IOException {
    var candidates = new StringBuilder();
    for (int i = 0; i < 400; i++) {
      candidates.append(i == 0 ? "\"" : ", \"").append(i).append(" a red circle".repeat(15));
      candidates.append('"');
    }
    String image = Base64.getEncoder().encodeToString(Files.readAllBytes(IMAGE));
    String body =
        "{\"image\": \"data:image/png;base64,"
            + image
            + "\", \"candidates\": ["
            + candidates
            + "]}";
    return HttpRequest.newBuilder(address.resolve("/v1/rank"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private static void awaitRunning(HttpClient http, URI address) throws Exception {
    for (int i = 0; i < 2000; i++) {
      String status = http.send(get(address, "/v1/status"), BodyHandlers.ofString()).body();
      if (status.contains("\"running\":1")) {
        return;
      }
      Thread.sleep(2);
    }
  }

  /** What it prints and logs is lost then, and it goes on. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void process_whoseOutputsAreFull_servesAndEnds() throws Exception {
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Process process =
        builder(String.valueOf(port), "--debug") // so that it logs
            .redirectError(new File("/dev/full"))
            .redirectOutput(new File("/dev/full"))
            .start();
    try {
      URI address = URI.create("http://127.0.0.1:" + port);
      HttpClient http = HttpClient.newHttpClient();
      awaitHealth(http, address);
      for (int i = 0; i < 3; i++) {
        assertEquals(200, http.send(longWork(address), BodyHandlers.ofString()).statusCode());
      }
      process.destroy();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(SIGTERM, process.exitValue());
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  private static void awaitHealth(HttpClient http, URI address) throws Exception {
    for (int i = 0; i < 600; i++) {
      try {
        if (http.send(get(address, "/health"), BodyHandlers.ofString()).statusCode() == 200) {
          return;
        }
      } catch (ConnectException e) {
        // it does not listen yet
      }
      Thread.sleep(100);
    }
    throw new AssertionError("a server expected within a minute");
  }

  @Test
  void otherAddress_withoutAKey_isWrongUsage() {
    Shell shell = Shell.run("serve", "--host", "0.0.0.0", "--port", "0");

    assertEquals(2, shell.exit());
    assertTrue(shell.err().contains("--api-key"), shell.err());
  }

  @Test
  void options_outOfRange_areWrongUsage() {
    for (String[] option :
        List.of(
            new String[] {"--port", "70000"},
            new String[] {"--queue", "0"},
            new String[] {"--timeout", "0"},
            new String[] {"--dtype", "int3"},
            new String[] {"--cors-origin", "*"},
            new String[] {"--model", "a b=bundled"})) {
      Shell shell = Shell.run("serve", option[0], option[1]);

      assertEquals(2, shell.exit(), option[0] + ": " + shell.err());
      assertEquals("", shell.out());
    }
  }

  @Test
  void model_thatIsNotThere_fails(@TempDir Path empty) {
    Shell shell = Shell.run("serve", "--port", "0", "--model", empty.toString());

    assertEquals(1, shell.exit(), shell.err());
    assertTrue(shell.err().contains(empty.toString()), shell.err());
  }

  @Test
  void index_isSearchedWithItsOwnModel(@TempDir Path folder) throws Exception {
    Path model = Path.of("../blip2-llm/src/test/resources/golden/hf-itm");
    Path photos = Files.createDirectory(folder.resolve("photos"));
    Files.copy(model.resolve("images/a.png"), photos.resolve("a.png"));
    Shell indexed = Shell.run("index", photos.toString(), "--model", model.toString());
    assertEquals(0, indexed.exit(), indexed.err());
    Process process =
        builder("0", "--index", photos.toString())
            .redirectError(folder.resolve("errors").toFile())
            .start();
    try {
      URI address = address(process, folder);
      HttpRequest asked =
          HttpRequest.newBuilder(address.resolve("/v1/search"))
              .POST(HttpRequest.BodyPublishers.ofString("{\"text\": \"two cats\"}"))
              .build();

      String answer = HttpClient.newHttpClient().send(asked, BodyHandlers.ofString()).body();

      assertTrue(answer.contains("a.png") && answer.contains("\"model\":\"hf-itm\""), answer);
    } finally {
      process.destroy();
      process.waitFor();
    }
  }
}
