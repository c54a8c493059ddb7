package io.github.blip2j.io.file;

import java.io.IOException;

/**
 * A checkpoint that cannot be what it claims to be; the message names the file and what is wrong in
 * it.
 */
public final class CheckpointException extends IOException {
  private static final long serialVersionUID = 1L;

  /** With a message in the form {@code where: what expected X, got Y}. */
  public CheckpointException(String message) {
    super(message);
  }
}
