package io.github.blip2j.io.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Sends requests to a hub and to the hosts that it redirects to.
 *
 * <p>Redirects are followed here, because JDK 17's client would send the token to every host on the
 * way, and files come from hosts other than the hub.
 */
final class HubClient {
  private static final int MOST_REDIRECTS = 10;
  private static final String LINKED_ETAG = "X-Linked-Etag";

  private final ModelId model;
  private final HubEndpoint endpoint;
  private final Duration silence;
  private final HttpClient http;

  HubClient(ModelId model, HubEndpoint endpoint, Duration silence) {
    this.model = model;
    this.endpoint = endpoint;
    this.silence = silence;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(silence)
            .build();
  }

  HubEndpoint endpoint() {
    return endpoint;
  }

  /**
   * Requests a resource, starting at byte {@code from}.
   *
   * @throws TransientException if another attempt may succeed
   */
  HubResponse get(String path, long from) throws IOException {
    return follow("GET", path, from);
  }

  /**
   * Requests the headers of a resource. If the hub's own response has the values, its redirect is
   * not followed: URLs signed for GET reject HEAD.
   *
   * @throws TransientException if another attempt may succeed
   */
  HubResponse head(String path) throws IOException {
    return follow("HEAD", path, 0);
  }

  private HubResponse follow(String method, String path, long from) throws IOException {
    URI at = endpoint.at(path);
    boolean trusted = true;
    for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
      trusted &= endpoint.owns(at); // a redirect back from elsewhere is not trusted
      HubResponse answer = send(request(method, at, from, trusted));
      boolean told = method.equals("HEAD") && answer.header(LINKED_ETAG) != null;
      if (!answer.isRedirect() || told) {
        return checked(answer, trusted);
      }
      answer.close();
      at = target(answer);
    }
    throw new HubException(
        String.format(
            Locale.ROOT,
            "%s: at most %d redirects expected from %s, got more; check HF_ENDPOINT",
            model,
            MOST_REDIRECTS,
            endpoint));
  }

  private HttpRequest request(String method, URI at, long from, boolean trusted) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(at)
            .method(method, BodyPublishers.noBody())
            .timeout(silence)
            .setHeader("User-Agent", "blip2-java")
            .setHeader("Accept-Encoding", "identity"); // otherwise lengths are compressed ones
    if (from > 0) {
      request.setHeader("Range", String.format(Locale.ROOT, "bytes=%d-", from));
    }
    if (trusted) {
      endpoint.authorise(request);
    }
    return request.build();
  }

  private HubResponse send(HttpRequest request) throws IOException {
    try {
      return new HubResponse(http.send(request, info -> new TimedBody(request.uri(), silence)));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("download: interrupted while asking");
    } catch (HttpTimeoutException e) {
      throw silent(request.uri(), silence, e);
    } catch (IOException e) {
      throw cut(request.uri(), e);
    } catch (IllegalArgumentException e) { // the client's own check of an address
      throw astray(request.uri().toString(), e);
    }
  }

  private static HubResponse checked(HubResponse answer, boolean trusted)
      throws TransientException {
    int status = answer.status();
    // On another host a 403 means that the signed URL has expired; the next attempt gets a new one.
    boolean expired = status == 403 && !trusted;
    if (status >= 500 || status == 429 || status == 408 || expired) {
      answer.close();
      throw new TransientException(answer.uri(), "HTTP " + status, answer.retryAfter(), null);
    }
    return answer;
  }

  private URI target(HubResponse answer) throws HubException {
    @Nullable String location = answer.header("Location");
    try {
      URI target = location == null ? null : answer.uri().resolve(location);
      boolean secure = target != null && "https".equalsIgnoreCase(target.getScheme());
      boolean plain = target != null && "http".equalsIgnoreCase(target.getScheme());
      boolean loss = plain && "https".equalsIgnoreCase(answer.uri().getScheme());
      boolean whole = target != null && target.getHost() != null && HubEndpoint.hasPort(target);
      if (target != null && whole && (secure || plain) && !loss) {
        return target;
      }
    } catch (IllegalArgumentException e) {
      throw astray(location, e);
    }
    throw astray(location, null);
  }

  private HubException astray(@Nullable String location, @Nullable Throwable cause) {
    // The query may contain a signature.
    String shown = location == null ? "none" : location.replaceAll("[?].*", "?...");
    String message =
        String.format(
            Locale.ROOT,
            "%s: redirect expected to an address that is as safe, got %s; check HF_ENDPOINT",
            model,
            shown);
    return cause == null ? new HubException(message) : new HubException(message, cause);
  }

  static TransientException silent(URI uri, Duration silence, @Nullable Throwable cause) {
    return new TransientException(uri, "none within " + Limits.seconds(silence), null, cause);
  }

  static TransientException cut(URI uri, Throwable cause) {
    return new TransientException(uri, "no connection or a cut one", null, cause);
  }
}
