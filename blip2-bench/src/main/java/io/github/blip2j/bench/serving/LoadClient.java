package io.github.blip2j.bench.serving;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** Asks a server, and takes the time. */
final class LoadClient {
  /**
   * An answer.
   *
   * @param text the caption, or the body if there is none
   */
  record Answer(int status, String text, double millis) {}

  private final URI address;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  LoadClient(URI address) {
    this.address = address;
  }

  URI address() {
    return address;
  }

  Answer caption(byte[] picture) {
    long begun = System.nanoTime();
    HttpResponse<String> response = send(picture("/v1/caption", picture), BodyHandlers.ofString());
    double millis = (System.nanoTime() - begun) / 1e6;
    String body = response.body();
    if (response.statusCode() != 200) {
      return new Answer(response.statusCode(), body, millis);
    }
    JsonObject json = JsonParser.parseString(body).getAsJsonObject();
    JsonObject first = json.getAsJsonArray("captions").get(0).getAsJsonObject();
    return new Answer(200, first.get("text").getAsString(), millis);
  }

  /** Milliseconds until the first event of a stream. */
  double firstPiece(byte[] picture) throws IOException {
    long begun = System.nanoTime();
    HttpResponse<InputStream> response =
        send(picture("/v1/caption?stream=true", picture), BodyHandlers.ofInputStream());
    try (InputStream in = response.body()) {
      if (in.read() < 0 || response.statusCode() != 200) {
        throw new IOException("a stream expected, got " + response);
      }
      double millis = (System.nanoTime() - begun) / 1e6;
      in.readAllBytes();
      return millis;
    }
  }

  /** The value of one of the server's metrics. */
  double metric(String name) {
    HttpRequest request = HttpRequest.newBuilder(address.resolve("/metrics")).build();
    return send(request, BodyHandlers.ofString())
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElse(Double.NaN);
  }

  private HttpRequest picture(String path, byte[] picture) {
    return HttpRequest.newBuilder(address.resolve(path))
        .timeout(Duration.ofMinutes(2))
        .header("Content-Type", "image/png")
        .POST(HttpRequest.BodyPublishers.ofByteArray(picture))
        .build();
  }

  private <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> handler) {
    try {
      return http.send(request, handler);
    } catch (IOException e) {
      throw new IllegalStateException("an answer expected, got " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
