package io.github.blip2j.server.http;

import io.github.blip2j.io.file.Sha256;
import io.github.blip2j.server.api.ApiException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.jspecify.annotations.Nullable;

/** Who may ask: keys, names of this host, pages of other hosts. */
final class Access {
  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");
  private static final String BEARER = "bearer ";

  private final byte @Nullable [] keyHash;
  private final boolean loopback;
  private final List<String> origins;

  /**
   * Rules.
   *
   * @param key that requests must name, or null for none
   * @param loopback whether the server listens to this machine alone; then it has loopback's names
   * @param origins of pages elsewhere that may ask
   */
  Access(@Nullable String key, boolean loopback, List<String> origins) {
    this.keyHash = key == null ? null : hash(key);
    this.loopback = loopback;
    this.origins = List.copyOf(origins);
  }

  /** Checks the name by which the server was reached: a foreign one is DNS rebinding. */
  void requireHost(Request request) {
    String host = request.getHeaders().get(HttpHeader.HOST);
    if (loopback && (host == null || !LOOPBACK.contains(withoutPort(host)))) {
      throw ApiException.request(
          403, "foreign_host", "Host: localhost or 127.0.0.1 expected, got another");
    }
    List<String> given = request.getHeaders().getValuesList(HttpHeader.ORIGIN);
    for (String origin : given) {
      if (!isOwn(origin, host) && !origins.contains(origin)) {
        throw foreignOrigin();
      }
    }
    // A browser that names no origin says at least whether the page is of another site.
    String site = request.getHeaders().get("Sec-Fetch-Site");
    if (given.isEmpty()
        && request.getMethod().equals("POST")
        && ("cross-site".equals(site) || "same-site".equals(site))) {
      throw foreignOrigin();
    }
  }

  private static ApiException foreignOrigin() {
    return ApiException.request(
        403,
        "foreign_origin",
        "Origin: this server's own expected, got another; see --cors-origin");
  }

  /** Lets a page of another origin read the answer, if it may. */
  void allowOrigin(Request request, Response response) {
    String origin = request.getHeaders().get(HttpHeader.ORIGIN);
    if (origin != null && origins.contains(origin)) {
      response.getHeaders().put(HttpHeader.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
      response.getHeaders().put(HttpHeader.VARY, "Origin");
      response.getHeaders().put("Access-Control-Allow-Headers", "Authorization, Content-Type");
      response.getHeaders().put("Access-Control-Allow-Methods", "GET, POST");
      response.getHeaders().put("Access-Control-Expose-Headers", "X-Request-Id, Retry-After");
    }
  }

  /** Checks the key, in a time that does not depend on it. */
  void requireKey(Request request) {
    if (keyHash == null) {
      return;
    }
    String given = request.getHeaders().get(HttpHeader.AUTHORIZATION);
    if (given == null || !given.toLowerCase(Locale.ROOT).startsWith(BEARER)) {
      throw ApiException.unauthorized("Authorization: Bearer and a key expected, got none");
    }
    if (!MessageDigest.isEqual(keyHash, hash(given.substring(BEARER.length()).strip()))) {
      throw ApiException.unauthorized("Authorization: the server's key expected, got another");
    }
  }

  private static boolean isOwn(String origin, @Nullable String host) {
    try {
      String authority = new URI(origin).getRawAuthority();
      return authority != null && authority.equalsIgnoreCase(host);
    } catch (URISyntaxException e) {
      return false; // "null" and the like
    }
  }

  private static String withoutPort(String host) {
    return host.replaceFirst(":[0-9]*$", "").toLowerCase(Locale.ROOT);
  }

  private static byte[] hash(String text) {
    return Sha256.of(text.getBytes(StandardCharsets.UTF_8));
  }
}
