package io.github.blip2j.server.api;

import io.github.blip2j.server.work.Picture;

/** The image of a request to one of our own routes. */
final class Pictures {
  private Pictures() {}

  static Picture required(Bodies.Asked asked) {
    Picture given = asked.picture();
    if (given == null) {
      return DataUrl.picture("image", asked.fields().string("image"));
    }
    if (asked.fields().has("image")) {
      throw ApiException.invalid("image", "one expected, got two");
    }
    return given;
  }
}
