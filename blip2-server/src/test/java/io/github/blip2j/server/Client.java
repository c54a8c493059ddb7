package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.vision.image.Image;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Asks a server, in tests. */
final class Client {
  static final Path WRITER = Path.of("..", "blip2-llm/src/test/resources/golden/hf-opt");
  static final Path MATCHER = Path.of("..", "blip2-llm/src/test/resources/golden/hf-itm");
  static final Path[] IMAGES = {
    MATCHER.resolve("images/a.png"),
    MATCHER.resolve("images/b.png"),
    MATCHER.resolve("images/c.png")
  };

  /** A server of the small models {@code bundled}, which writes, and {@code itm}, which matches. */
  static ServerOptions bothModels() {
    return options().withModel("itm", MATCHER);
  }

  /** The decoded {@link #IMAGES}. */
  static List<Image> images() throws IOException {
    List<Image> images = new ArrayList<>();
    for (Path path : IMAGES) {
      images.add(new ImageDecoder().decode(path));
    }
    return images;
  }

  /** A server of a small model whose texts are known, called {@code bundled}. */
  static ServerOptions options() {
    return ServerOptions.defaults().withPort(0).withModel("bundled", WRITER);
  }

  private final URI address;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();

  Client(URI address) {
    this.address = address;
  }

  static byte[] bytes(Path image) {
    try {
      return Files.readAllBytes(image);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static String dataUrl(Path image) {
    return dataUrl("image/png", bytes(image));
  }

  static String dataUrl(String type, byte[] bytes) {
    return "data:" + type + ";base64," + Base64.getEncoder().encodeToString(bytes);
  }

  HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(address.resolve(path)).timeout(Duration.ofSeconds(60));
  }

  HttpResponse<String> send(HttpRequest request) {
    try {
      return http.send(request, BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(request + ": " + e, e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  HttpResponse<byte[]> bytesOf(HttpRequest request) throws IOException, InterruptedException {
    return http.send(request, BodyHandlers.ofByteArray());
  }

  /** Checks that the server still answers. */
  void assertServerGoesOn() {
    HttpResponse<String> answer = post("/v1/caption", about(IMAGES[0]));
    assertEquals(200, answer.statusCode(), answer.body());
  }

  HttpResponse<String> get(String path) {
    return send(request(path).build());
  }

  JsonObject json(String path) {
    return JsonParser.parseString(get(path).body()).getAsJsonObject();
  }

  HttpResponse<String> post(String path, String body) {
    return send(
        request(path)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  HttpResponse<String> post(String path, JsonElement body) {
    return post(path, body.toString());
  }

  /** The answer to a request that must succeed. */
  JsonElement ok(String path, JsonElement body) {
    HttpResponse<String> response = post(path, body);
    if (response.statusCode() != 200) {
      throw new AssertionError(path + ": " + response.statusCode() + " " + response.body());
    }
    return JsonParser.parseString(response.body());
  }

  /** A connection of its own, for what no client does. */
  Socket socket() throws IOException {
    var socket = new Socket(address.getHost(), address.getPort());
    socket.setSoTimeout(20_000);
    return socket;
  }

  /** Sends bytes and reads all that comes back. */
  String raw(String request) throws IOException {
    try (Socket socket = socket()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** A request with the image as data URL, and more fields. */
  static JsonObject about(Path image) {
    var json = new JsonObject();
    json.addProperty("image", dataUrl(image));
    return json;
  }

  /** A chat with one message of these images and this text. */
  static JsonObject chat(String text, Path... images) {
    var content = new JsonArray();
    for (Path image : images) {
      var url = new JsonObject();
      url.addProperty("url", dataUrl(image));
      var part = new JsonObject();
      part.addProperty("type", "image_url");
      part.add("image_url", url);
      content.add(part);
    }
    var words = new JsonObject();
    words.addProperty("type", "text");
    words.addProperty("text", text);
    content.add(words);
    var json = new JsonObject();
    json.addProperty("model", "bundled");
    var messages = new JsonArray();
    messages.add(message("user", content));
    json.add("messages", messages);
    return json;
  }

  static JsonObject message(String role, JsonElement content) {
    var message = new JsonObject();
    message.addProperty("role", role);
    message.add("content", content);
    return message;
  }

  static JsonArray strings(String... texts) {
    var array = new JsonArray();
    for (String text : texts) {
      array.add(text);
    }
    return array;
  }

  /** Checks an error and its shape. */
  static void assertError(HttpResponse<String> answer, int status, @Nullable String param) {
    assertEquals(status, answer.statusCode(), answer.body());
    JsonObject error =
        JsonParser.parseString(answer.body()).getAsJsonObject().getAsJsonObject("error");
    assertTrue(!error.get("message").getAsString().isBlank(), answer.body());
    assertTrue(error.has("type") && error.has("code"), answer.body());
    if (param != null) {
      assertEquals(
          param.equals("body") ? "\"body\"" : "\"" + param + "\"",
          error.get("param").toString(),
          answer.body());
    }
    assertTrue(answer.headers().firstValue("X-Request-Id").isPresent());
  }
}
