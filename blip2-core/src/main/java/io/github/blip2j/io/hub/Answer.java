package io.github.blip2j.io.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a host answered; closing it lets go of what it still sends. */
record Answer(HttpResponse<TimedBody> response) implements AutoCloseable {
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  URI asked() {
    return response.uri();
  }

  int status() {
    return response.statusCode();
  }

  @Nullable String header(String name) {
    return response.headers().firstValue(name).orElse(null);
  }

  /** A header's number, or -1 if there is none. */
  long number(String name) {
    @Nullable String text = header(name);
    return text == null || !text.matches("\\d{1,18}") ? -1 : Long.parseLong(text);
  }

  boolean isRedirect() {
    return REDIRECTS.contains(status());
  }

  TimedBody body() {
    return response.body();
  }

  /**
   * The whole body.
   *
   * @throws HubException if it is longer than {@code limit} bytes
   */
  String text(int limit) throws IOException {
    var bytes = new ByteArrayOutputStream();
    for (@Nullable List<ByteBuffer> piece = body().next(); piece != null; piece = body().next()) {
      for (ByteBuffer buffer : piece) {
        byte[] part = new byte[buffer.remaining()];
        buffer.get(part);
        bytes.writeBytes(part);
      }
      if (bytes.size() > limit) {
        throw new HubException(
            "%s: answer expected of at most %d bytes, got more; check HF_ENDPOINT"
                .formatted(asked(), limit));
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    body().close();
  }
}
