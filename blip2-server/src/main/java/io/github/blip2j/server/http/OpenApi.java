package io.github.blip2j.server.http;

import io.github.blip2j.server.api.Call;
import io.github.blip2j.server.api.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/** The description of all routes. */
final class OpenApi {
  private static final String FILE = "/io/github/blip2j/server/openapi.json";

  private OpenApi() {}

  static void send(Call call, Reply reply) {
    try (InputStream in = OpenApi.class.getResourceAsStream(FILE)) {
      if (in == null) {
        throw new AssertionError(FILE + ": not in the jar");
      }
      reply.file("application/json", in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
