package io.github.blip2j.vision.image;

import java.io.IOException;

/** A file that is no picture, or a picture that cannot be decoded; the message names the file. */
public final class UnreadableImageException extends IOException {
  private static final long serialVersionUID = 1L;

  UnreadableImageException(String name, String got, String advice) {
    super(
        "%s: image expected a JPEG, PNG, GIF, BMP, TIFF or WebP file, got %s; %s"
            .formatted(name, got, advice));
  }

  UnreadableImageException(String message) {
    super(message);
  }
}
