package io.github.blip2j.cli.console;

/** Options that contradict each other or are out of range. */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UsageException(IllegalArgumentException cause) {
    super(cause.getMessage(), cause);
  }
}
