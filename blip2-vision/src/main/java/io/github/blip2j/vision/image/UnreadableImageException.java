package io.github.blip2j.vision.image;

import java.io.IOException;
import java.util.Locale;

/** A file that is no image, or an image that cannot be decoded. The message names the file. */
public final class UnreadableImageException extends IOException {
  private static final long serialVersionUID = 1L;

  UnreadableImageException(String name, String got, String advice) {
    super(
        String.format(
            Locale.ROOT,
            "%s: image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got %s; %s",
            name,
            got,
            advice));
  }

  /** With a whole message, such as that of one that another process met. */
  public UnreadableImageException(String message) {
    super(message);
  }
}
