package io.github.blip2j.io.file;

import java.io.IOException;

/** An invalid checkpoint. The message names the file and the fault. */
public final class CheckpointException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With a message in the form {@code where: what expected X, got Y}. */
  public CheckpointException(String message) {
    super(message);
  }
}
