package io.github.blip2j.cli;

/** Options that contradict each other or cannot be. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UsageException(IllegalArgumentException cause) {
    super(cause.getMessage(), cause);
  }
}
