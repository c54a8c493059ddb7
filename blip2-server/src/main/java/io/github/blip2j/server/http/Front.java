package io.github.blip2j.server.http;

import io.github.blip2j.server.api.ApiException;
import io.github.blip2j.server.api.Call;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Fields;
import org.jspecify.annotations.Nullable;

/** Every request: access, route, body, endpoint. */
final class Front extends Handler.Abstract {
  private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final String POLICY = "default-src 'self'; img-src 'self' data: blob:";

  private final List<Route> routes;
  private final Access access;
  private final Limits limits;
  private final Metrics metrics;
  private final Watch watch;
  private final AtomicLong room;

  Front(List<Route> routes, Access access, Limits limits, Metrics metrics, Watch watch) {
    this.routes = List.copyOf(routes);
    this.access = access;
    this.limits = limits;
    this.metrics = metrics;
    this.watch = watch;
    this.room = new AtomicLong(limits.heldBytes());
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    String id = id(request);
    response.getHeaders().put("X-Request-Id", id);
    response.getHeaders().put("X-Content-Type-Options", "nosniff");
    response.getHeaders().put("Content-Security-Policy", POLICY);
    var exchange = new Exchange(request, response, callback, 4 * limits.bodyBytes());
    try {
      access.requireHost(request);
      access.allowOrigin(request, response);
      @Nullable Route route = route(request, response);
      if (route == null) {
        response.setStatus(204);
        callback.succeeded();
        return true;
      }
      if (!route.open()) {
        access.requireKey(request);
      }
      Request.addCompletionListener(
          request,
          failure ->
              metrics.answered(
                  route.path(),
                  failure == null ? response.getStatus() : 499,
                  System.nanoTime() - request.getBeginNanoTime()));
      dispatch(request, route, id, exchange);
    } catch (RuntimeException e) {
      exchange.refuse(e); // and its body is not read
    }
    return true;
  }

  /** The route of a request, or null of one for the methods of a path, which the answer tells. */
  private @Nullable Route route(Request request, Response response) {
    String path = Request.getPathInContext(request);
    List<Route> there = routes.stream().filter(route -> route.rest(path) != null).toList();
    if (there.isEmpty() && !path.equals("*")) {
      throw ApiException.request(
          404, "not_found", "path: one that GET /openapi.json lists expected, got another");
    }
    String allowed = allowed(there.isEmpty() ? routes : there);
    boolean methods = request.getMethod().equals("OPTIONS");
    @Nullable Route route = methods ? null : route(there, request.getMethod());
    if (route == null) {
      response.getHeaders().put(HttpHeader.ALLOW, allowed);
    }
    if (route == null && !methods) {
      throw ApiException.request(
          405, "method_not_allowed", "method: " + allowed + " expected for this path");
    }
    return route;
  }

  private void dispatch(Request request, Route route, String id, Exchange exchange) {
    String rest = String.valueOf(route.rest(Request.getPathInContext(request)));
    requirePlain(request);
    if (route.method().equals("GET")) {
      route.endpoint().handle(call(request, id, rest, new byte[0]), exchange);
      return;
    }
    var reader = new BodyReader(request, limits.bodyBytes(), room);
    Request.addCompletionListener(request, failure -> reader.release());
    request.addIdleTimeoutListener(timeout -> !watch.isWatched(exchange));
    watch.time(request, exchange, limits.request());
    var unused =
        reader
            .read()
            .whenComplete(
                (body, failure) -> {
                  if (failure != null) {
                    exchange.refuse(failure);
                    return;
                  }
                  try {
                    watch.client(exchange);
                    route.endpoint().handle(call(request, id, rest, body), exchange);
                  } catch (Throwable e) {
                    exchange.fail(e);
                  }
                });
  }

  /** Refuses bodies that are coded: bytes that are taken for another thing are worse. */
  private static void requirePlain(Request request) {
    for (String coding : request.getHeaders().getCSV(HttpHeader.CONTENT_ENCODING, false)) {
      if (!coding.equalsIgnoreCase("identity")) {
        throw ApiException.request(
            415,
            "unsupported_content_encoding",
            "Content-Encoding: none expected, got another; send the body as it is");
      }
    }
    for (String coding : request.getHeaders().getCSV(HttpHeader.TRANSFER_ENCODING, false)) {
      if (!coding.equalsIgnoreCase("chunked")) {
        throw ApiException.request(
            501,
            "unsupported_transfer_encoding",
            "Transfer-Encoding: chunked expected, got another; send the body as it is");
      }
    }
  }

  private static @Nullable Route route(List<Route> there, String method) {
    String wanted = method.equals("HEAD") ? "GET" : method;
    return there.stream().filter(route -> route.method().equals(wanted)).findFirst().orElse(null);
  }

  /** The methods of some routes, as in {@code GET, HEAD, OPTIONS}. */
  private static String allowed(List<Route> routes) {
    Set<String> methods = new TreeSet<>(Set.of("OPTIONS"));
    for (Route route : routes) {
      methods.add(route.method());
      if (route.method().equals("GET")) {
        methods.add("HEAD");
      }
    }
    return String.join(", ", methods);
  }

  private static Call call(Request request, String id, String rest, byte[] body) {
    String type = request.getHeaders().get(HttpHeader.CONTENT_TYPE);
    String accept = String.join(",", request.getHeaders().getValuesList(HttpHeader.ACCEPT));
    String lower = accept.toLowerCase(Locale.ROOT);
    return new Call(id, rest, query(request), lower, new FormBody(body, type));
  }

  private static Map<String, List<String>> query(Request request) {
    Map<String, List<String>> query = new LinkedHashMap<>();
    if (request.getHttpURI().getQuery() == null) {
      return query;
    }
    try {
      for (Fields.Field field : Request.extractQueryParameters(request)) {
        query.put(field.getName(), List.copyOf(field.getValues()));
      }
    } catch (RuntimeException e) { // bytes that are no UTF-8, and broken escapes
      throw ApiException.request(400, "invalid_query", "query: name=value expected, got another");
    }
    return query;
  }

  private static String id(Request request) {
    String given = request.getHeaders().get("X-Request-Id");
    return given != null && REQUEST_ID.matcher(given).matches()
        ? given
        : UUID.randomUUID().toString();
  }
}
