package io.github.blip2j.vision.image;

/** An image that is too long and narrow to be resized. */
public final class UnresizableImageException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /** With a message that names the sides. */
  public UnresizableImageException(String message) {
    super(message);
  }
}
