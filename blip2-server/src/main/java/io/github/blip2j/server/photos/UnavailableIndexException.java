package io.github.blip2j.server.photos;

/** An index that cannot be used now. Its message is for clients and names no paths. */
public final class UnavailableIndexException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnavailableIndexException(String message, Throwable cause) {
    super(message, cause);
  }
}
