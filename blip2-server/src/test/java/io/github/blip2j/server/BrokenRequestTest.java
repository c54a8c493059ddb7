package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever comes over a connection, the server answers clearly or hangs up, and goes on. */
final class BrokenRequestTest {
  private static final String HEAD =
      "POST /v1/caption HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

  private static Blip2Server server;
  private static Client client;

  @BeforeAll
  static void start() throws IOException {
    server = Blip2Server.start(Client.options().withImageBytes(1_000_000));
    client = new Client(server.uri());
    server.ready().join();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void serverGoesOn() {
    client.assertServerGoesOn();
  }

  @Test
  void body_thatIsAnnouncedTooLarge_isRefusedBeforeItComes() throws IOException {
    String announced = client.raw(HEAD + "Content-Length: 9000000000\r\n\r\n{");
    assertTrue(announced.startsWith("HTTP/1.1 413"), announced);
    assertTrue(announced.contains("body_too_large"), announced);
  }

  /** Clients as Python's requests read nothing before all is sent. */
  @ParameterizedTest
  @CsvSource({
    "POST, /v1/caption, 413, false", "POST, /v1/caption, 413, true",
    "POST, /none, 404, false", "POST, /none, 404, true",
    "PUT, /v1/caption, 405, false", "GET, /v1/caption, 405, true"
  })
  void requestWithALargeBody_refused_isAnsweredOnceItIsSent(
      String method, String path, int status, boolean chunked) throws Exception {
    int chunks = 100;
    String head = HEAD.replace("POST /v1/caption", method + " " + path);
    try (Socket socket = client.socket()) {
      OutputStream out = socket.getOutputStream();
      String length =
          chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + chunks * 0x10000;
      out.write((head + length + "\r\n\r\n").getBytes(StandardCharsets.ISO_8859_1));
      String some = "x".repeat(0x10000);
      byte[] chunk =
          (chunked ? "10000\r\n" + some + "\r\n" : some).getBytes(StandardCharsets.ISO_8859_1);
      for (int i = 0; i < chunks; i++) {
        out.write(chunk);
        Thread.sleep(2);
      }
      out.write((chunked ? "0\r\n\r\n" : "").getBytes(StandardCharsets.ISO_8859_1));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertTrue(answer.startsWith("HTTP/1.1 " + status), answer);
      assertTrue(answer.contains("\"error\""), answer);
    }
  }

  /** No longer than for some seconds, and only so many bytes. */
  @Test
  void rest_ofARefusedRequest_isNotReadForEver() throws Exception {
    try (Socket fast = client.socket();
        Socket slow = client.socket()) {
      long begun = System.nanoTime();
      for (Socket socket : new Socket[] {fast, slow}) {
        String head = HEAD.replace("/v1/caption", "/none") + "Content-Length: 9000000000\r\n\r\n";
        socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
      }
      long sent = 0;
      byte[] some = new byte[1 << 16];
      try {
        while (sent < 1L << 30) {
          fast.getOutputStream().write(some);
          sent += some.length;
        }
      } catch (IOException e) { // closed
        assertTrue(sent > 1_000_000, "sent: " + sent);
      }
      assertTrue(sent < 200_000_000, "sent: " + sent);

      try {
        while (System.nanoTime() - begun < 15e9) {
          slow.getOutputStream().write(new byte[2000]);
          Thread.sleep(100);
        }
        throw new AssertionError("the end of the connection expected within 15 s");
      } catch (IOException e) { // closed
        assertTrue(System.nanoTime() - begun > 1e9, "some time to read the answer expected");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/page/../openapi.json",
        "/page/%2e%2e/openapi.json",
        "/page/..%2fopenapi.json",
        "/page/%00",
        "/page//etc/passwd",
        "/page/..;/x",
        "/page/\\..\\x",
        "/../../etc/passwd",
        "/v1/models/../../etc/passwd",
        "/%zz"
      })
  void path_thatLeadsElsewhere_isRefused(String path) throws IOException {
    String answer =
        client.raw("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

    // A path that is plain after dots are resolved is the file of that name, as in any browser.
    boolean resolved = path.equals("/page/../openapi.json");
    assertTrue(answer.startsWith("HTTP/1.1 " + (resolved ? "200" : "40")), answer);
    assertFalse(answer.contains("root:"), answer);
    if (!resolved) {
      assertTrue(answer.contains("\"error\":{\"message\":"), answer);
    }
  }

  @Test
  void header_tooLongOrBroken_isRefused() throws IOException {
    String longHeader =
        client.raw(
            "GET /health HTTP/1.1\r\nHost: localhost\r\nX: " + "y".repeat(20_000) + "\r\n\r\n");
    String broken = client.raw("nonsense\r\n\r\n");
    String noHost = client.raw("GET /health HTTP/1.0\r\n\r\n");

    assertTrue(longHeader.startsWith("HTTP/1.1 431"), longHeader);
    assertTrue(longHeader.contains("\"error\""), longHeader);
    assertTrue(broken.startsWith("HTTP/1.1 400"), broken);
    assertTrue(broken.contains("\"error\""), broken);
    assertTrue(noHost.contains("403"), noHost);
  }

  @Test
  void request_cutAtEachPlace_leavesTheServerAlone() throws IOException {
    String body = Client.about(Client.IMAGES[0]).toString();
    String request =
        "POST /v1/caption HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: "
            + body.length()
            + "\r\n\r\n"
            + body;
    byte[] bytes = request.getBytes(StandardCharsets.ISO_8859_1);
    for (int end = 0; end <= bytes.length; end += end < 150 ? 1 : 97) {
      try (Socket socket = client.socket()) {
        OutputStream out = socket.getOutputStream();
        out.write(bytes, 0, end);
        out.flush();
        if (end % 3 == 0) {
          socket.setSoLinger(true, 0); // a reset instead of an end
        }
      }
    }
  }

  @Test
  void stream_closedAfterEachByteOfTheAnswer_leavesTheServerAlone() throws IOException {
    JsonObject asked = Client.chat("", Client.IMAGES[0]);
    asked.addProperty("stream", true);
    String body = asked.toString();
    for (int most = 0; most < 600; most += 29) {
      try (Socket socket = client.socket()) {
        socket
            .getOutputStream()
            .write(
                ("POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
                        + "Content-Type: application/json\r\nContent-Length: "
                        + body.length()
                        + "\r\n\r\n"
                        + body)
                    .getBytes(StandardCharsets.ISO_8859_1));
        assertEquals(most, socket.getInputStream().readNBytes(most).length);
      }
    }
  }

  @Test
  void body_ofAHalfClosedSocket_isIncomplete() throws IOException {
    try (Socket socket = client.socket()) {
      socket
          .getOutputStream()
          .write(
              ("POST /v1/caption HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      + "Content-Length: 1000\r\n\r\n{\"image\":")
                  .getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

      assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 400"), answer);
    }
  }

  /** Each is answered, and the connection ends, because what follows is not known to be HTTP. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          CONNECT example.org:443 HTTP/1.1 | localhost       | 40
          CONNECT example.org:443 HTTP/1.1 | example.org:443 | 40
          CONNECT localhost:443 HTTP/1.1   | localhost:443   | 405
          CONNECT localhost HTTP/1.1       | localhost       | 405
          CONNECT * HTTP/1.1               | localhost       | 400
          TRACE /health HTTP/1.1           | localhost       | 405
          TRACE * HTTP/1.1                 | localhost       | 400
          GET * HTTP/1.1                   | localhost       | 400
          BREW /health HTTP/1.1            | localhost       | 405
          get /health HTTP/1.1             | localhost       | 405
          PRI * HTTP/2.0                   |                 | 426
          GET /health HTTP/1.2             | localhost       | 505
          GET /health                      |                 | 505
          GET http://a.example/ HTTP/1.1   | localhost       | 400
          GET /health HTTP/1.1             | a b:c:d         | 400
          GET /health HTTP/1.1             | localhost:99999 | 40
          """)
  void request_thatIsNotForUs_isAnswered_andTheConnectionEnds(
      String line, @Nullable String host, String status) throws IOException {
    String answer =
        client.raw(line + "\r\n" + (host == null ? "" : "Host: " + host + "\r\n") + "\r\n");

    assertTrue(answer.startsWith("HTTP/1.1 " + status), answer);
    assertTrue(answer.contains("{\"error\":{\"message\":"), answer);
  }

  @Test
  void namesAndWords_inAnyCase_areUnderstood() throws IOException {
    String json = Client.about(Client.IMAGES[0]).toString().replace("data:", "DATA:");
    String boundary = "--a b\r\ncontent-disposition: Form-Data; Name=prompt\r\n\r\n\r\n--a b\r\n";
    String form =
        boundary
            + "CONTENT-DISPOSITION: form-data; filename=\"a.png\"; NAME=\"image\"\r\n\r\n"
            + new String(Client.bytes(Client.IMAGES[0]), StandardCharsets.ISO_8859_1)
            + "\r\n--a b--\r\n";
    String[][] requests = {
      {"content-type: Application/JSON; Charset=\"utf-8\"", json},
      {"CONTENT-TYPE: Multipart/Form-Data; Boundary=\"a b\"", form},
      {"Content-Type: multipart/form-data;charset=UTF-8;BOUNDARY=\"a b\"", form},
      {
        "Content-Type: IMAGE/PNG",
        form.substring(form.indexOf('\u0089'), form.indexOf("\r\n--a b--"))
      }
    };
    for (String[] request : requests) {
      String answer =
          client.raw(
              "POST /v1/caption HTTP/1.1\r\nhost: LOCALHOST\r\nCONNECTION: Close\r\n"
                  + request[0]
                  + "\r\ncontent-length: "
                  + request[1].length()
                  + "\r\n\r\n"
                  + request[1]);
      assertTrue(answer.startsWith("HTTP/1.1 200"), request[0] + ": " + answer);
    }
  }
}
