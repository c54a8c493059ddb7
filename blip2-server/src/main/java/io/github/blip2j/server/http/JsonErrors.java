package io.github.blip2j.server.http;

import io.github.blip2j.server.api.ApiException;
import io.github.blip2j.server.api.Errors;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Jetty's own errors, such as for a header that is too long, in OpenAI's shape. */
final class JsonErrors extends ErrorHandler {
  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int code,
      @Nullable String message,
      @Nullable Throwable cause,
      Callback callback) {
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
    response.getHeaders().put(HttpHeader.CONNECTION, "close"); // what follows is not understood
    if (code == HttpStatus.SERVICE_UNAVAILABLE_503) {
      response.getHeaders().put(HttpHeader.RETRY_AFTER, 1);
    }
    response.write(true, ByteBuffer.wrap(json(code, reason(cause))), callback);
  }

  /** The whole answer to a header that takes too long. */
  static ByteBuffer slowHeader(Duration most) {
    ApiException error =
        ApiException.request(
            408,
            "header_too_slow",
            "header: all of it within "
                + most.toSeconds()
                + " s expected, got a part; send it at once");
    String json = Errors.json(error).toString();
    String head =
        "HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nConnection: close\r\n"
            + "Content-Length: "
            + json.length()
            + "\r\n\r\n";
    return ByteBuffer.wrap((head + json).getBytes(StandardCharsets.US_ASCII));
  }

  private static ApiException request(int code, String message) {
    return ApiException.request(code, "bad_request", message);
  }

  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }

  /** What is wrong with a request, in the parser's words. */
  private static @Nullable String reason(@Nullable Throwable cause) {
    return cause instanceof HttpException bad ? bad.getReason() : null;
  }

  private static byte[] json(int code, @Nullable String reason) {
    String what = String.valueOf(HttpStatus.getMessage(code)).toLowerCase(Locale.ROOT);
    ApiException error =
        switch (code) {
          case 414 -> request(code, "request target: at most 8 kB expected, got more; shorten it");
          case 417 -> request(code, "Expect: 100-continue expected, got another; leave it out");
          case 426, 505 -> request(code, "request: HTTP/1.1 expected, got another version; use it");
          case 431 -> request(code, "header: at most 8 kB expected, got more; send fewer fields");
          default ->
              code >= 500
                  ? ApiException.server(code, "unavailable", "server: " + what)
                  : request(
                      code,
                      "request: one of HTTP/1.1 expected, got "
                          + (reason == null ? what : reason)
                          + "; send it with an HTTP library");
        };
    return Errors.json(error).toString().getBytes(StandardCharsets.UTF_8);
  }
}
