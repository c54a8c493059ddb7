package io.github.blip2j.tensor.types;

/** Shapes that do not fit together; the message holds both. */
public final class ShapeMismatchException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** With a message in the form {@code where: what expected X, got Y}. */
  public ShapeMismatchException(String message) {
    super(message);
  }
}
