package io.github.blip2j.io.hub;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What another attempt may mend: a busy or silent host, or a connection that was cut. */
final class TransientException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String host;
  private final @Nullable Duration retryAfter;

  /**
   * A failure that may pass.
   *
   * @param got what came instead of an answer, for messages
   * @param retryAfter how long the host asks to wait
   */
  TransientException(
      URI uri, String got, @Nullable Duration retryAfter, @Nullable Throwable cause) {
    super(got, cause);
    this.host = uri.getScheme() + "://" + uri.getRawAuthority();
    this.retryAfter = retryAfter;
  }

  /** As in {@code http://localhost:8080}. */
  String host() {
    return host;
  }

  @Nullable Duration retryAfter() {
    return retryAfter;
  }
}
