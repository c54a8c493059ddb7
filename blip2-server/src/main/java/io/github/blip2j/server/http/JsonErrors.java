package io.github.blip2j.server.http;

import io.github.blip2j.server.api.ApiException;
import io.github.blip2j.server.api.Errors;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
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
    if (code == HttpStatus.SERVICE_UNAVAILABLE_503) {
      response.getHeaders().put(HttpHeader.RETRY_AFTER, 1);
    }
    response.write(true, ByteBuffer.wrap(json(code)), callback);
  }

  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }

  private static byte[] json(int code) {
    String what = String.valueOf(HttpStatus.getMessage(code)).toLowerCase(Locale.ROOT);
    ApiException error =
        code >= 500
            ? ApiException.server(code, "unavailable", "server: " + what)
            : ApiException.request(code, "bad_request", "request: " + what);
    return Errors.json(error).toString().getBytes(StandardCharsets.UTF_8);
  }
}
