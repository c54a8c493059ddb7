package io.github.blip2j.server.api;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A request that is answered with an error, in the shape of OpenAI's. */
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final int MOST_TOLD = 200; // characters of what a client sent

  private final int status;
  private final String type;
  private final @Nullable String param;
  private final @Nullable String code;
  private final int retryAfterSeconds;

  private ApiException(
      int status, String message, String type, @Nullable String param, @Nullable String code) {
    this(status, message, type, param, code, 0);
  }

  private ApiException(
      int status,
      String message,
      String type,
      @Nullable String param,
      @Nullable String code,
      int retryAfterSeconds) {
    super(message);
    this.status = status;
    this.type = type;
    this.param = param;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** A mistake in a parameter: 400. */
  public static ApiException invalid(String param, String message, Object... values) {
    Object[] told = values.clone();
    for (int i = 0; i < told.length; i++) {
      told[i] = told[i] instanceof String text ? shortened(text) : told[i];
    }
    String name = shortened(param);
    String text = name + ": " + String.format(Locale.ROOT, message, told);
    return new ApiException(400, text, "invalid_request_error", name, null);
  }

  /** What a client sent, as far as it is told back: not all of what may be megabytes. */
  static String shortened(String text) {
    return text.length() <= MOST_TOLD ? text : text.substring(0, MOST_TOLD) + "...";
  }

  /** A mistake in a parameter, told in the library's words: 400. */
  static ApiException parameter(String param, String message) {
    return new ApiException(400, message, "invalid_request_error", param, "invalid_value");
  }

  /** A picture that cannot be read: 400. */
  static ApiException image(String param, String message) {
    return new ApiException(400, message, "invalid_request_error", param, "invalid_image");
  }

  /** A mistake of the request as a whole. */
  public static ApiException request(int status, String code, String message) {
    return new ApiException(status, message, "invalid_request_error", null, code);
  }

  /** A model that there is not: 404, as OpenAI. */
  static ApiException unknownModel(String message) {
    return new ApiException(404, message, "invalid_request_error", "model", "model_not_found");
  }

  /** A key that is missing or wrong: 401. */
  public static ApiException unauthorized(String message) {
    return new ApiException(401, message, "authentication_error", null, "invalid_api_key");
  }

  /** Something that the server lacks now. */
  public static ApiException unavailable(String code, String message, int retryAfterSeconds) {
    return new ApiException(503, message, "server_error", null, code, retryAfterSeconds);
  }

  /** A fault of the server. */
  public static ApiException server(int status, String code, String message) {
    return new ApiException(status, message, "server_error", null, code);
  }

  /** The HTTP status. */
  public int status() {
    return status;
  }

  /** The kind of error. */
  public String type() {
    return type;
  }

  /** The parameter that is wrong, if it is one. */
  public @Nullable String param() {
    return param;
  }

  /** A short name of the error, if it has one. */
  public @Nullable String code() {
    return code;
  }

  /** Seconds after which to try again, or 0. */
  public int retryAfterSeconds() {
    return retryAfterSeconds;
  }

  /** Told to clients, and no fault to look for. */
  @Override
  public Throwable fillInStackTrace() {
    return this;
  }
}
