package io.github.blip2j.backend;

/**
 * Not enough memory for a tensor, found before the operating system would have to kill the process.
 */
public final class MemoryShortageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** With a message that names the operation, what it needs, what there is, and what to do. */
  public MemoryShortageException(String message) {
    super(message);
  }
}
