package io.github.blip2j.server.models;

/** A model that is listed and could not be loaded now. */
public final class UnavailableModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnavailableModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
