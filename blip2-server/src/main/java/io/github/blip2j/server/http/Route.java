package io.github.blip2j.server.http;

import io.github.blip2j.server.api.Endpoint;
import org.jspecify.annotations.Nullable;

/**
 * A path, and what is done about it.
 *
 * @param method GET or POST
 * @param path as OpenAPI spells it, with at most one part in braces, at its end
 * @param open whether it needs no key
 */
record Route(String method, String path, boolean open, Endpoint endpoint) {
  /** What of a path the braces stand for; null if the path is another. */
  @Nullable String rest(String asked) {
    int brace = path.indexOf('{');
    if (brace < 0) {
      return path.equals(asked) ? "" : null;
    }
    String start = path.substring(0, brace);
    return asked.startsWith(start) && asked.length() > start.length()
        ? asked.substring(start.length())
        : null;
  }
}
