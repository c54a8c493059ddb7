package io.github.blip2j.io.hub;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A failure after which another attempt may succeed: a busy or silent host, or a lost connection.
 */
final class TransientException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String host;
  private final @Nullable Duration retryAfter;

  /**
   * Creates the exception.
   *
   * @param got what was received instead, for messages
   * @param retryAfter the pause that the host requests
   */
  TransientException(
      URI uri, String got, @Nullable Duration retryAfter, @Nullable Throwable cause) {
    super(got, cause);
    this.host = uri.getScheme() + "://" + uri.getRawAuthority();
    this.retryAfter = retryAfter;
  }

  /** The host, as in {@code http://localhost:8080}. */
  String host() {
    return host;
  }

  @Nullable Duration retryAfter() {
    return retryAfter;
  }
}
