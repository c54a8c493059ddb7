package io.github.blip2j.server.work;

import java.io.IOException;

/** A picture of a request that cannot be used. The message names it. */
public final class PictureException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String picture;

  PictureException(String picture, String message, Throwable cause) {
    super(message, cause);
    this.picture = picture;
  }

  /** The name of the picture, as {@code messages[0].content[1].image_url}. */
  public String picture() {
    return picture;
  }
}
