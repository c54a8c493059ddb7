package io.github.blip2j.server.api;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request whose body is there.
 *
 * @param id the request's identity, in the log and in answers
 * @param rest what of the path a route leaves open, such as the name of a model
 * @param query the query's parameters
 * @param accept the media types that the client takes, in lower case; empty if it does not say
 * @param body its bytes
 */
public record Call(
    String id, String rest, Map<String, List<String>> query, String accept, Body body) {
  /** The bytes of a body, and the parts of a form. */
  public interface Body {
    /** The type, in lower case and with its parameters; or null. */
    @Nullable String type();

    /** All bytes. */
    byte[] bytes();

    /** The parts of a multipart form. */
    List<Part> parts();
  }

  /**
   * A part of a form.
   *
   * @param file whether it is a file
   */
  public record Part(String name, boolean file, Body content) {}
}
