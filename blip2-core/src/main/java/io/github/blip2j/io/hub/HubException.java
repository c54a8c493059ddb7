package io.github.blip2j.io.hub;

import java.io.IOException;

/** A model that could not be downloaded or found in the cache. */
public final class HubException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With a message in the form {@code where: what expected X, got Y; how to fix}. */
  public HubException(String message) {
    super(message);
  }

  HubException(String message, Throwable cause) {
    super(message, cause);
  }
}
