package io.github.blip2j.io.hub;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpRequest;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A hub's address, and the token it may see. Not a record: those print all they hold. */
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
   * @throws IllegalArgumentException if either can't be one
   */
  static HubEndpoint of(HubEnvironment environment) throws IOException {
    @Nullable String endpoint = environment.get("HF_ENDPOINT");
    @Nullable String token = environment.token();
    // The client's own complaint about such a header would show it.
    if (token != null && token.chars().anyMatch(c -> c <= ' ' || c > '~')) {
      throw new IllegalArgumentException(
          "HF_TOKEN: token expected of letters, digits and signs, got other characters");
    }
    return new HubEndpoint(base(endpoint == null ? STANDARD : endpoint), token);
  }

  /** The address of something below this hub's; the path is encoded and starts with a slash. */
  URI at(String path) {
    return URI.create(base + path);
  }

  /** Whether an address is of this hub: same scheme, host and port. */
  boolean owns(URI address) {
    return base.getScheme().equalsIgnoreCase(address.getScheme())
        && base.getHost().equalsIgnoreCase(address.getHost())
        && port(base) == port(address);
  }

  /** Shows the token, if there is one. */
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

  /** Whether an address names no port, or one that there is. */
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
