package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients that send or read a byte now and then, so that no connection is ever silent. */
final class SlowClientsTest {
  private static final String HEAD =
      "POST /v1/caption HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

  private final List<Socket> slow = new ArrayList<>();
  private @Nullable Blip2Server server;
  private @Nullable Client client;

  private void start(ServerOptions options) throws IOException {
    Blip2Server started = Blip2Server.start(options.withPort(0));
    server = started;
    client = new Client(started.uri());
    started.ready().join();
  }

  private Client client() {
    return Objects.requireNonNull(client);
  }

  @AfterEach
  void stop() throws IOException {
    for (Socket socket : slow) {
      socket.close();
    }
    if (server != null) {
      server.close();
    }
  }

  private Socket open(String begin) throws IOException {
    Socket socket = client().socket();
    slow.add(socket);
    socket.getOutputStream().write(begin.getBytes(StandardCharsets.ISO_8859_1));
    return socket;
  }

  /** Sends a text again and again until the connection ends, and tells after how many seconds. */
  private static double secondsUntilItEnds(Socket socket, String drip) throws Exception {
    byte[] bytes = drip.getBytes(StandardCharsets.ISO_8859_1);
    long begun = System.nanoTime();
    while (secondsSince(begun) < 12) {
      try {
        socket.getOutputStream().write(bytes);
      } catch (IOException e) {
        return secondsSince(begun);
      }
      Thread.sleep(100);
    }
    throw new AssertionError("the end of the connection expected, still open after 12 s");
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }

  private static String all(InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  @Test
  void header_thatIsSlow_isCutOff() throws Exception {
    start(Client.options().withHeaderTime(Duration.ofSeconds(2)));

    double first = secondsUntilItEnds(open("GET /health HTTP/1.1\r\nHost: localhost\r\nX: "), "x");
    double empty = secondsUntilItEnds(open(""), "\r\n");

    assertTrue(first > 1 && first < 6, "2 s expected, got " + first);
    assertTrue(empty > 1 && empty < 6, "2 s expected, got " + empty);
  }

  @Test
  void header_thatIsSlow_isToldWhy_andASilentOneIsNot() throws Exception {
    start(Client.options().withHeaderTime(Duration.ofSeconds(1)));

    String begun = all(open("GET /hea").getInputStream());
    String silent = all(open("").getInputStream());

    assertTrue(begun.startsWith("HTTP/1.1 408 "), begun);
    assertTrue(begun.contains("\"code\":\"header_too_slow\""), begun);
    assertEquals("", silent); // browsers open connections ahead, and would show an answer
  }

  @Test
  void header_ofALaterRequest_isCutOff_andAPauseBeforeItIsNot() throws Exception {
    start(Client.options().withHeaderTime(Duration.ofSeconds(1)));
    String request = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    Socket socket = open(request);
    InputStream in = socket.getInputStream();
    assertTrue(answer(in).endsWith("{\"status\":\"ok\"}"));
    Thread.sleep(2500); // between requests the time for silence counts, which is 30 s

    socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    assertTrue(answer(in).endsWith("{\"status\":\"ok\"}"));
    double seconds = secondsUntilItEnds(socket, "x");

    assertTrue(seconds < 5, "1 s expected, got " + seconds);
  }

  /** Reads as far as the answer of {@code /health} goes. */
  private static String answer(InputStream in) throws IOException {
    var text = new StringBuilder();
    while (text.indexOf("\"}") < 0) {
      int next = in.read();
      assertTrue(next >= 0, "an answer expected, got its end after " + text);
      text.append((char) next);
    }
    return text.toString();
  }

  @Test
  void connections_withSlowHeaders_giveWayToAGoodClient() throws Exception {
    start(Client.options().withConnections(20).withHeaderTime(Duration.ofMinutes(5)));
    for (int i = 0; i < 60; i++) {
      open("GET /health HTTP/1.1\r\nX: ");
      if (i % 20 == 19) {
        Thread.sleep(1200); // the fresh ones are spared while there are few
      }
    }

    for (int i = 0; i < 5; i++) {
      long begun = System.nanoTime();
      HttpResponse<String> answer = client().post("/v1/caption", Client.about(Client.IMAGES[0]));
      assertEquals(200, answer.statusCode(), answer.body());
      assertTrue(secondsSince(begun) < 5, "no wait for others expected");
    }
    assertFalse(ends(slow.get(59)), "the newest is the last to go");
    assertTrue(ends(slow.get(0)), "the oldest gives way");
  }

  @Test
  void connections_thatAreIdleOrWithSlowBodies_giveWayToo() throws Exception {
    start(Client.options().withConnections(10));
    for (int i = 0; i < 5; i++) {
      answer(open("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").getInputStream());
    }
    for (int i = 0; i < 15; i++) {
      open(HEAD + "Content-Length: 100000\r\n\r\n{" + " ".repeat(5000)); // fast enough for 5 s
    }
    Thread.sleep(1500);

    HttpResponse<String> answer = client().post("/v1/caption", Client.about(Client.IMAGES[0]));

    assertEquals(200, answer.statusCode(), answer.body());
    assertTrue(ends(slow.get(0)), "one between requests gives way first");
  }

  /** Whether the server has ended a connection. */
  private static boolean ends(Socket socket) throws IOException {
    socket.setSoTimeout(1500);
    try {
      while (socket.getInputStream().read() >= 0) {
        // an answer that says why
      }
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) { // reset
      return true;
    }
  }

  @Test
  void body_thatTakesLongerThanARequestMay_isCutOff() throws Exception {
    start(Client.options().withRequestTime(Duration.ofSeconds(2)));

    double seconds =
        secondsUntilItEnds(open(HEAD + "Content-Length: 1000000\r\n\r\n"), " ".repeat(300));

    assertTrue(seconds > 1 && seconds < 8, "2 s expected, got " + seconds);
  }

  /** Answers that are larger than what the system keeps for a client that does not read. */
  @Test
  void answer_thatIsReadSlowly_isCutOff() throws Exception {
    start(Client.options().withRequestTime(Duration.ofSeconds(2)));
    int one = client().get("/openapi.json").body().length();
    String page = "GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n";
    Socket socket = open(page.repeat(400));
    InputStream in = socket.getInputStream();
    for (int i = 0; i < 30; i++) {
      assertTrue(in.read() >= 0);
      Thread.sleep(200);
    }

    long read = 0;
    try {
      byte[] some = new byte[1 << 16];
      for (int count = in.read(some); count >= 0; count = in.read(some)) {
        read += count;
      }
    } catch (IOException e) { // reset
      assertTrue(read > 0, e.toString());
    }

    assertTrue(read < 400L * one, "a part of the answers expected, got all");
  }

  @Test
  void stream_thatIsNotRead_endsWithTheTimeOfItsRequest() throws Exception {
    start(Client.options().withRequestTime(Duration.ofSeconds(2)));
    JsonObject asked = Client.about(Client.IMAGES[0]);
    asked.addProperty("stream", true);
    String body = asked.toString();
    Socket socket = open(HEAD + "Content-Length: " + body.length() + "\r\n\r\n" + body);
    Thread.sleep(5000);

    assertEquals(0, client().json("/v1/status").get("running").getAsInt());
    assertTrue(socket.getInputStream().read() >= 0, "what was sent can still be read");
  }
}
