package io.github.blip2j.io.hub;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpRequest;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A hub's address and its token. Not a record, because a record's {@code toString} would print the
 * token.
 */
final class HubEndpoint {
  private static final String STANDARD = "https://huggingface.co";
  private static final Set<String> SCHEMES = Set.of("http", "https");

  private final URI base;
  private final @Nullable String token;

  private HubEndpoint(URI base, @Nullable String token) {
    this.base = base;
    this.token = token;
  }

  /**
   * The address in {@code HF_ENDPOINT} and the token in {@code HF_TOKEN} or the file of a login.
   *
   * @throws IllegalArgumentException if either is invalid
   */
  static HubEndpoint of(HubEnvironment environment) throws IOException {
    @Nullable String endpoint = environment.get("HF_ENDPOINT");
    @Nullable String token = environment.token();
    // The client's error message about such a header would contain the token.
    if (token != null && token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IllegalArgumentException(
          "HF_TOKEN: token expected of letters, digits and signs, got other characters");
    }
    return new HubEndpoint(base(endpoint == null ? STANDARD : endpoint), token);
  }

  /** The address of a path below this hub; the path is encoded and starts with a slash. */
  URI at(String path) {
    return URI.create(base + path);
  }

  /** Whether an address belongs to this hub: same scheme, host and port. */
  boolean owns(URI address) {
    return base.getScheme().equalsIgnoreCase(address.getScheme())
        && base.getHost().equalsIgnoreCase(address.getHost())
        && port(base) == port(address);
  }

  /** Adds the token to a request, if there is one. */
  void authorise(HttpRequest.Builder request) {
    if (token != null) {
      request.setHeader("Authorization", "Bearer " + token);
    }
  }

  /** The address. */
  @Override
  public String toString() {
    return base.toString();
  }

  private static URI base(String endpoint) {
    try {
      URI uri = new URI(endpoint.replaceAll("/+$", ""));
      String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
      boolean whole = uri.getHost() != null && hasPort(uri);
      if (SCHEMES.contains(scheme) && whole && uri.getRawUserInfo() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      throw unusable(endpoint, e);
    }
    throw unusable(endpoint, null);
  }

  private static IllegalArgumentException unusable(String endpoint, @Nullable Throwable cause) {
    String shown = endpoint.contains("@") ? "one with a user in it" : "'" + endpoint + "'";
    return new IllegalArgumentException(
        "HF_ENDPOINT: address expected as in https://host, got " + shown, cause);
  }

  /** Whether an address has no port, or a valid one. */
  static boolean hasPort(URI uri) {
    return uri.getPort() == -1 || (uri.getPort() > 0 && uri.getPort() <= 65_535);
  }

  private static int port(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
  }
}
