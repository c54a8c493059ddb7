package io.github.blip2j.io.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A host's response; closing it drops the rest of its body. */
record HubResponse(HttpResponse<TimedBody> response) implements AutoCloseable {
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

  URI uri() {
    return response.uri();
  }

  int status() {
    return response.statusCode();
  }

  @Nullable String header(String name) {
    return response.headers().firstValue(name).orElse(null);
  }

  /**
   * The size that a header states, or -1 if there is no such header.
   *
   * @throws HubException if the value is not a size
   */
  long size(String name) throws HubException {
    @Nullable String text = header(name);
    if (text == null) {
      return -1;
    }
    if (!text.matches("\\d{1,18}")) {
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: %s expected a number of bytes, got \"%s\"; check HF_ENDPOINT",
              uri(),
              name,
              text));
    }
    return Long.parseLong(text);
  }

  /**
   * The pause that the host requests before another attempt, or null if it states none in seconds.
   */
  @Nullable Duration retryAfter() {
    @Nullable String text = header("Retry-After");
    if (text == null || !text.matches("\\d+")) {
      return null;
    }
    return Duration.ofSeconds(text.length() > 18 ? Long.MAX_VALUE : Long.parseLong(text));
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
   * @param within the longest time
   * @throws HubException if it is longer than {@code limit} bytes, or takes longer
   */
  String text(int limit, Duration within) throws IOException {
    var bytes = new ByteArrayOutputStream();
    long start = System.nanoTime();
    for (@Nullable List<ByteBuffer> piece = body().next(); piece != null; piece = body().next()) {
      if (System.nanoTime() - start > within.toNanos()) {
        throw new HubException(
            String.format(
                Locale.ROOT,
                "%s: whole answer expected within %s, got %d bytes of it; check the network and"
                    + " HF_ENDPOINT",
                uri(),
                Limits.seconds(within),
                bytes.size()));
      }
      for (ByteBuffer buffer : piece) {
        byte[] part = new byte[buffer.remaining()];
        buffer.get(part);
        bytes.writeBytes(part);
      }
      if (bytes.size() > limit) {
        throw new HubException(
            String.format(
                Locale.ROOT,
                "%s: answer expected of at most %d bytes, got more; check HF_ENDPOINT",
                uri(),
                limit));
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    body().close();
  }
}
