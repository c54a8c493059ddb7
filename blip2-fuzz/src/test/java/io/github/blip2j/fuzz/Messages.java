package io.github.blip2j.fuzz;

/** Refusals have to say something. */
public final class Messages {
  private Messages() {}

  /** Checks that an exception has a message that is not another's class name. */
  public static void require(Exception e) {
    String message = e.getMessage();
    if (message == null || message.isBlank() || message.startsWith("java.")) {
      throw new AssertionError("refused without words", e);
    }
  }
}
