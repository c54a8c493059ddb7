package io.github.blip2j.server.api;

/** What is done about a request. */
@FunctionalInterface
public interface Endpoint {
  /**
   * Answers, at once or later.
   *
   * @throws RuntimeException if the request is wrong
   */
  void handle(Call call, Reply reply);
}
