package io.github.blip2j.server.http;

import io.github.blip2j.server.api.ApiException;
import io.github.blip2j.server.api.Call;
import io.github.blip2j.server.api.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** The files of the page, from the jar. */
final class Page {
  private static final String FOLDER = "/io/github/blip2j/server/page/";
  private static final String INDEX = "index.html";

  /** Plain names in plain folders; nothing that leads out of the folder. */
  private static final Pattern NAME =
      Pattern.compile("(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)+");

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html;charset=utf-8",
          "css", "text/css;charset=utf-8",
          "js", "text/javascript;charset=utf-8",
          "mjs", "text/javascript;charset=utf-8",
          "json", "application/json",
          "svg", "image/svg+xml",
          "png", "image/png",
          "jpg", "image/jpeg",
          "webp", "image/webp",
          "ico", "image/x-icon");

  private Page() {}

  static void index(Call call, Reply reply) {
    send(INDEX, reply);
  }

  static void file(Call call, Reply reply) {
    send(call.rest(), reply);
  }

  private static void send(String name, Reply reply) {
    if (!NAME.matcher(name).matches()) {
      throw missing();
    }
    try (InputStream in = Page.class.getResourceAsStream(FOLDER + name)) {
      if (in == null) {
        throw missing();
      }
      String end = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
      reply.file(TYPES.getOrDefault(end, "application/octet-stream"), in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ApiException missing() {
    return ApiException.request(404, "not_found", "path: a file of the page expected, got another");
  }
}
