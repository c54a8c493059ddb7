package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** Many requests at once, slow ones, and the server's end. */
final class LoadTest {
  @Test
  void overload_gives503WithRetryAfter_andNoWrongAnswer() throws Exception {
    List<String> expected = new ArrayList<>();
    try (Blip2 blip2 = Blip2.load(Client.WRITER)) {
      for (var path : Client.IMAGES) {
        expected.add(blip2.caption(new ImageDecoder().decode(path)));
      }
    }
    try (Blip2Server server = Blip2Server.start(Client.options().withQueue(4))) {
      server.ready().join();
      var client = new Client(server.uri());
      ExecutorService clients = Executors.newFixedThreadPool(16);
      List<Future<HttpResponse<String>>> answers = new ArrayList<>();
      for (int i = 0; i < 300; i++) {
        JsonObject asked = Client.about(Client.IMAGES[i % 3]);
        answers.add(clients.submit(() -> client.post("/v1/caption", asked)));
      }
      int refused = 0;
      for (int i = 0; i < answers.size(); i++) {
        refused += checked(answers.get(i), expected.get(i % 3));
      }
      clients.shutdown();

      assertTrue(refused > 0, "an overload expected");
      assertTrue(refused < 300, "some answers expected");
      String metrics = client.get("/metrics").body();
      assertTrue(largestBatch(metrics) > 1, "requests that wait run as batches");
      assertTrue(metrics.contains("blip2_rejected_total " + refused + ".0"), metrics);
    }
  }

  private static int checked(Future<HttpResponse<String>> future, String expected)
      throws InterruptedException, ExecutionException {
    HttpResponse<String> answer = future.get();
    JsonObject json = JsonParser.parseString(answer.body()).getAsJsonObject();
    if (answer.statusCode() == 503) {
      int seconds = Integer.parseInt(answer.headers().firstValue("Retry-After").orElse("0"));
      assertTrue(seconds >= 1 && seconds < 60, "Retry-After: " + seconds);
      assertEquals("server_busy", json.getAsJsonObject("error").get("code").getAsString());
      return 1;
    }
    assertEquals(200, answer.statusCode(), answer.body());
    JsonArray captions = json.getAsJsonArray("captions");
    assertEquals(expected, captions.get(0).getAsJsonObject().get("text").getAsString());
    return 0;
  }

  private static double largestBatch(String metrics) {
    return metrics
        .lines()
        .filter(line -> line.startsWith("blip2_batch_size_max{work=\"generate\"}"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElse(0);
  }

  @Test
  void slowClients_delayNobody_andAreCutOff() throws Exception {
    try (Blip2Server server = Blip2Server.start(Client.options())) {
      server.ready().join();
      var client = new Client(server.uri());
      client.post("/v1/caption", Client.about(Client.IMAGES[0]));
      List<Socket> slow = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        Socket socket = client.socket();
        socket
            .getOutputStream()
            .write(
                ("POST /v1/caption HTTP/1.1\r\nHost: localhost\r\n"
                        + "Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{")
                    .getBytes(StandardCharsets.ISO_8859_1));
        slow.add(socket);
      }
      long begun = System.nanoTime();
      assertEquals(200, client.post("/v1/caption", Client.about(Client.IMAGES[0])).statusCode());
      assertTrue(System.nanoTime() - begun < Duration.ofSeconds(5).toNanos(), "no wait for others");

      assertEquals("HTTP/1.1 408", drip(slow.get(0)));
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  /** Sends a byte now and then until there is an answer, and reads its beginning. */
  private static String drip(Socket socket) throws IOException, InterruptedException {
    InputStream in = socket.getInputStream();
    for (int i = 0; i < 60 && in.available() == 0; i++) {
      socket.getOutputStream().write(' ');
      Thread.sleep(300);
    }
    return new String(in.readNBytes(12), StandardCharsets.UTF_8);
  }

  @Test
  void close_waitsForRequestsUnderWay() throws Exception {
    Blip2Server server = Blip2Server.start(Client.options());
    server.ready().join();
    var client = new Client(server.uri());
    ExecutorService clients = Executors.newFixedThreadPool(4);
    List<Future<HttpResponse<String>>> answers = new ArrayList<>();
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.add("candidates", manyCandidates());
    for (int i = 0; i < 2; i++) {
      answers.add(clients.submit(() -> client.post("/v1/rank", asked)));
    }
    awaitArrival(client, answers.get(0));
    server.close();

    for (Future<HttpResponse<String>> answer : answers) {
      assertEquals(200, answer.get().statusCode(), answer.get().body());
    }
    clients.shutdown();
  }

  /** Waits until one request runs and one waits, which lasts for seconds. */
  private static void awaitArrival(Client client, Future<?> first) throws InterruptedException {
    while (true) {
      JsonObject status = client.json("/v1/status");
      if (status.get("running").getAsInt() + status.get("queue").getAsInt() == 2) {
        return;
      }
      assertFalse(first.isDone(), "the first done before the second has arrived");
      Thread.sleep(5);
    }
  }

  private static JsonArray manyCandidates() {
    var candidates = new JsonArray();
    for (int i = 0; i < 1000; i++) {
      candidates.add(i + " a large red circle".repeat(13));
    }
    return candidates;
  }

  @Test
  void health_isLoadingUntilTheModelIsThere() throws IOException {
    try (Blip2Server server = Blip2Server.start(Client.options())) {
      var client = new Client(server.uri());
      HttpResponse<String> early = client.get("/health");
      boolean loading = early.statusCode() == 503 && early.body().contains("loading");
      assertTrue(loading || early.statusCode() == 200, early.body());
      server.ready().join();
      assertEquals(200, client.get("/health").statusCode());
    }
  }
}
