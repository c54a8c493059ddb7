package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where neither the log nor temporary files can be written, every answer is as before. */
final class FullDiskTest {
  private static final String TEMPORARY = "java.io.tmpdir";

  private final PrintStream errors = System.err;
  private final String folder = System.getProperty(TEMPORARY);
  private Blip2Server server;
  private Client client;

  @BeforeEach
  void start() throws IOException {
    server = Blip2Server.start(Client.bothModels());
    client = new Client(server.uri());
    server.ready().join();
    System.setErr(
        new PrintStream(
            new OutputStream() {
              @Override
              public void write(int one) throws IOException {
                throw new IOException("No space left on device");
              }
            },
            true,
            StandardCharsets.UTF_8));
    System.setProperty(TEMPORARY, Path.of("no", "such", "folder").toString());
    ImageIO.setCacheDirectory(null);
  }

  @AfterEach
  void stop() {
    System.setErr(errors);
    System.setProperty(TEMPORARY, folder);
    server.close();
  }

  @Test
  void everyRoute_answers() throws Exception {
    for (int round = 0; round < 3; round++) {
      ok("/v1/caption", Client.about(Client.IMAGES[0]));
      ok("/v1/chat/completions", Client.chat("what is it?", Client.IMAGES[1]));
      JsonObject match = Client.about(Client.IMAGES[0]);
      match.add("texts", Client.strings("a dog", "two cats"));
      ok("/v1/match", match);
      JsonObject explain = Client.about(Client.IMAGES[round]);
      explain.addProperty("text", "two cats");
      HttpRequest png =
          client
              .request("/v1/explain")
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(explain.toString()))
              .build();
      HttpResponse<byte[]> drawn = client.bytesOf(png);
      assertEquals(200, drawn.statusCode(), new String(drawn.body(), StandardCharsets.UTF_8));
      assertEquals(400, client.post("/v1/caption", "{").statusCode());
      assertEquals(200, form().statusCode());
      assertEquals(200, client.get("/metrics").statusCode());
      assertEquals(200, client.get("/health").statusCode());
    }
  }

  private void ok(String path, JsonObject asked) {
    HttpResponse<String> answer = client.post(path, asked);
    assertEquals(200, answer.statusCode(), answer.body());
  }

  private HttpResponse<String> form() {
    String picture = new String(Client.bytes(Client.IMAGES[0]), StandardCharsets.ISO_8859_1);
    String body =
        "--x\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\n\r\n"
            + picture
            + "\r\n--x--\r\n";
    return client.send(
        client
            .request("/v1/caption")
            .header("Content-Type", "multipart/form-data; boundary=x")
            .POST(
                HttpRequest.BodyPublishers.ofByteArray(body.getBytes(StandardCharsets.ISO_8859_1)))
            .build());
  }
}
