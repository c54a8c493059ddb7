package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client that has gone, or whose time is over, stops its work. */
final class CancellationTest {
  private static final String RANK = "/v1/rank";
  private static final String CAPTION = "/v1/caption";

  private Blip2Server server;
  private Client client;

  @BeforeEach
  void start() throws IOException {
    start(Client.options());
  }

  private void start(ServerOptions options) throws IOException {
    server = Blip2Server.start(options.withPort(0).withGrace(Duration.ZERO));
    client = new Client(server.uri());
    server.ready().join();
    client.post("/v1/caption", Client.about(Client.IMAGES[0]));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /** Work that takes seconds: many long candidates, with {@code mark} to tell it from others. */
  private static JsonObject longWork(String mark) {
    var candidates = new JsonArray();
    for (int i = 0; i < 1000; i++) {
      candidates.add(mark + i + " a large red circle".repeat(13));
    }
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.add("candidates", candidates);
    return asked;
  }

  private static byte[] request(String path, JsonObject asked) {
    String body = asked.toString();
    return ("POST "
            + path
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + body.length()
            + "\r\n\r\n"
            + body)
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  @Test
  void client_thatGoesWhileTheModelWorks_stopsIt() throws Exception {
    double before = metric("blip2_cancelled_total");
    try (Socket socket = client.socket()) {
      socket.getOutputStream().write(request(RANK, longWork("a")));
      await(() -> status("running") == 1);
    }

    await(() -> metric("blip2_cancelled_total") > before && status("running") == 0);
  }

  @Test
  void client_thatGoesWhileItWaits_leavesTheQueue() throws Exception {
    try (Socket busy = client.socket();
        Socket waiting = client.socket()) {
      busy.getOutputStream().write(request(RANK, longWork("a")));
      await(() -> status("running") == 1);
      waiting.getOutputStream().write(request(RANK, longWork("b")));
      await(() -> status("queue") == 1);
      waiting.close();

      await(() -> status("queue") == 0);
      assertEquals(1, status("running"));
    }
  }

  @Test
  void oneOfABatch_thatGoes_doesNotStopTheOthers() throws Exception {
    JsonObject quick = Client.about(Client.IMAGES[0]);
    String expected = client.post("/v1/caption", quick).body().replaceAll(",\"timing.*", "");
    try (Socket busy = client.socket();
        Socket gone = client.socket();
        Socket stays = client.socket()) {
      busy.getOutputStream().write(request(RANK, longWork("a")));
      await(() -> status("running") == 1);
      gone.getOutputStream().write(request(CAPTION, quick));
      stays.getOutputStream().write(request(CAPTION, quick));
      await(() -> status("queue") == 2);
      gone.close();
      busy.close();

      byte[] head = stays.getInputStream().readNBytes(15);
      assertEquals("HTTP/1.1 200 OK", new String(head, StandardCharsets.UTF_8), expected);
    }
  }

  @Test
  void request_thatTakesTooLong_endsIn504AndStops() throws Exception {
    server.close();
    start(Client.options().withRequestTime(Duration.ofSeconds(1)));
    long begun = System.nanoTime();

    HttpResponse<String> answer = client.post(RANK, longWork("a"));

    assertEquals(504, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("within 1 s"), answer.body());
    assertTrue(System.nanoTime() - begun < Duration.ofSeconds(4).toNanos(), "soon after 1 s");
    await(() -> status("running") == 0);
  }

  /** A request that follows another without waiting for its answer is no end of the connection. */
  @Test
  void requests_oneBehindTheOther_areBothAnswered() throws Exception {
    byte[] one = request(CAPTION, Client.about(Client.IMAGES[1]));
    try (Socket socket = client.socket()) {
      byte[] two = new byte[2 * one.length];
      System.arraycopy(one, 0, two, 0, one.length);
      System.arraycopy(one, 0, two, one.length, one.length);
      socket.getOutputStream().write(two, 0, one.length + 1);
      Thread.sleep(250); // so that the byte of the second is seen while the first is worked on
      socket.getOutputStream().write(two, one.length + 1, one.length - 1);
      var answers = new StringBuilder();
      byte[] some = new byte[4096];
      while (answers.toString().split("HTTP/1.1 200 OK", -1).length < 3) {
        int read = socket.getInputStream().read(some);
        assertTrue(read > 0, answers.toString());
        answers.append(new String(some, 0, read, StandardCharsets.UTF_8));
      }
    }
  }

  @Test
  void stream_thatWaits_beginsWithSignsOfLife_andItsClientsEndIsSeen() throws Exception {
    server.close();
    start(Client.options().withPing(Duration.ofMillis(150)));
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("stream", true);
    try (Socket busy = client.socket();
        Socket waiting = client.socket();
        Socket leaving = client.socket()) {
      busy.getOutputStream().write(request(RANK, longWork("a")));
      await(() -> status("running") == 1);
      waiting.getOutputStream().write(request(CAPTION, asked));
      leaving.getOutputStream().write(request(CAPTION, asked));

      String begun = until(waiting, ": ping\n\n");
      assertTrue(begun.startsWith("HTTP/1.1 200 OK"), begun);
      assertTrue(begun.contains("text/event-stream"), begun);
      assertEquals(-1, begun.indexOf("\ndata:"), begun);
      until(leaving, ": ping\n\n");
      leaving.close();
      await(() -> status("queue") == 1);
      busy.close();

      String rest = until(waiting, "\"done\"");
      assertTrue(rest.contains("data: {\"text\":"), rest);
    }
  }

  @Test
  void stream_thatWaitedAndFails_tellsItsErrorAsAnEvent() throws Exception {
    server.close();
    start(Client.options().withPing(Duration.ofMillis(150)));
    var asked = new JsonObject();
    asked.addProperty("image", Client.dataUrl("image/png", new byte[] {1, 2, 3}));
    asked.addProperty("stream", true);
    try (Socket busy = client.socket();
        Socket waiting = client.socket()) {
      busy.getOutputStream().write(request(RANK, longWork("a")));
      await(() -> status("running") == 1);
      waiting.getOutputStream().write(request(CAPTION, asked));
      until(waiting, ": ping\n\n");
      busy.close();

      String rest = until(waiting, "invalid_image");
      assertTrue(rest.contains("data: {\"error\":"), rest);
    }
  }

  @Test
  void answer_thatIsNoStream_hasNoSignsOfLife() throws Exception {
    server.close();
    start(Client.options().withPing(Duration.ofMillis(100)));
    try (Socket busy = client.socket();
        Socket waiting = client.socket()) {
      busy.getOutputStream().write(request(RANK, longWork("a")));
      await(() -> status("running") == 1);
      waiting.getOutputStream().write(request(CAPTION, Client.about(Client.IMAGES[0])));
      Thread.sleep(400);
      busy.close();

      String answer = until(waiting, "captions");
      assertTrue(answer.startsWith("HTTP/1.1 200 OK"), answer);
      assertEquals(-1, answer.indexOf("ping"), answer);
    }
  }

  /** What comes up to and with some text. */
  private static String until(Socket socket, String text) throws IOException {
    var read = new StringBuilder();
    while (read.indexOf(text) < 0) {
      int one = socket.getInputStream().read();
      assertTrue(one >= 0, "'" + text + "' expected, got " + read);
      read.append((char) one);
    }
    return read.toString();
  }

  private double metric(String name) {
    return client
        .get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElse(0);
  }

  private int status(String name) {
    return client.json("/v1/status").get(name).getAsInt();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(15).toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "expected within 15 s");
      Thread.sleep(10);
    }
  }
}
