package io.github.blip2j.server;

import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.tensor.types.Precision;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How a server serves. Immutable; the defaults listen on {@code 127.0.0.1:8080} and serve the
 * bundled model.
 *
 * <pre>{@code
 * ServerOptions.defaults().withPort(0).withModel("opt", Path.of("blip2-opt-2.7b"));
 * }</pre>
 */
public final class ServerOptions {
  /** What the name of the bundled model that matches ends with. */
  static final String MATCHER = "-matcher";

  private static final int MOST_PORT = 65_535;
  private static final int MOST_PING_SECONDS = 20; // a connection may be silent for 30

  private String host = "127.0.0.1";
  private int port = 8080;
  private Map<String, Optional<Path>> models = Map.of();
  private @Nullable Path index;
  private @Nullable String apiKey;
  private int queue = 16;
  private int connections = 400;
  private long imageBytes = 12_000_000;
  private long maxPixels = 50_000_000;
  private long modelBytes = Long.MAX_VALUE;
  private long featureBytes = 64L << 20;
  private Duration requestTime = Duration.ofSeconds(60);
  private Duration headerTime = Duration.ofSeconds(10);
  private Duration grace = Duration.ofSeconds(30);
  private Duration ping = Duration.ofSeconds(15);
  private List<String> origins = List.of();
  private Set<String> imageHosts = Set.of();
  private LoadOptions loading = LoadOptions.of(Precision.FLOAT32);

  private ServerOptions() {}

  /** The defaults. */
  public static ServerOptions defaults() {
    return new ServerOptions();
  }

  /**
   * With this address of the machine. Any but loopback's needs a key.
   *
   * @param newHost a name or an address; {@code 0.0.0.0} for all
   */
  public ServerOptions withHost(String newHost) {
    require(!newHost.isBlank(), "host expected as 127.0.0.1, got a blank");
    return with(copy -> copy.host = newHost);
  }

  /** With this port; 0 picks a free one. */
  public ServerOptions withPort(int newPort) {
    require(newPort >= 0 && newPort <= MOST_PORT, "port expected 0 to 65535, got %s", newPort);
    return with(copy -> copy.port = newPort);
  }

  /**
   * With this model too. The first that is named is loaded at the start, the others when they are
   * asked for.
   *
   * @param name what clients call it
   * @param path a folder or file as {@code Blip2.load} and {@code ImageTextMatcher.load} take
   */
  public ServerOptions withModel(String name, Path path) {
    return withModel(name, Optional.of(path));
  }

  /**
   * With the bundled model too: the one that writes under this name, and the one that matches under
   * the name with {@code -matcher} at its end.
   */
  public ServerOptions withBundledModel(String name) {
    require(
        !models.containsKey(name + MATCHER),
        "model names expected to differ, got '%s' twice",
        name + MATCHER);
    return withModel(name, Optional.empty());
  }

  private ServerOptions withModel(String name, Optional<Path> path) {
    require(
        name.matches("[A-Za-z0-9._:/-]{1,128}"),
        "model name expected of letters, digits and . _ : / -, got '%s'",
        name);
    boolean ofBundled =
        name.endsWith(MATCHER)
            && models
                .getOrDefault(
                    name.substring(0, name.length() - MATCHER.length()), Optional.of(Path.of("")))
                .isEmpty();
    require(
        !models.containsKey(name) && !ofBundled,
        "model names expected to differ, got '%s' twice",
        name);
    return with(
        copy -> {
          Map<String, Optional<Path>> more = new LinkedHashMap<>(models);
          more.put(name, path);
          copy.models = more;
        });
  }

  /**
   * With searches in this index of photos, by the model that it is of: one of those that are
   * served, or else the one at the place where it was when the index was made.
   *
   * @param folder as {@code PhotoIndex.open} takes it
   */
  public ServerOptions withIndex(Path folder) {
    return with(copy -> copy.index = folder);
  }

  /** With this key, which clients name as {@code Authorization: Bearer KEY}. */
  public ServerOptions withApiKey(String key) {
    // Others do not come through HTTP headers as they are, so no client could name the key.
    require(
        key.matches("[!-~]+"),
        "API key expected of letters, digits and signs of ASCII without spaces, got %s",
        key.isBlank() ? "a blank" : "others");
    return with(copy -> copy.apiKey = key);
  }

  /** With at most this many requests that wait for the model. */
  public ServerOptions withQueue(int requests) {
    require(requests >= 1, "queue expected at least 1, got %s", requests);
    return with(copy -> copy.queue = requests);
  }

  /**
   * With about this many connections. Beyond them, those are cut off for new ones whose clients
   * keep the server waiting for longest.
   */
  public ServerOptions withConnections(int most) {
    require(most >= 1, "connections expected at least 1, got %s", most);
    return with(copy -> copy.connections = most);
  }

  /** With images of at most this many bytes, before base64. */
  public ServerOptions withImageBytes(long bytes) {
    require(bytes >= 1 && bytes <= 1_000_000_000, "image bytes expected 1 to 1e9, got %s", bytes);
    return with(copy -> copy.imageBytes = bytes);
  }

  /** With images of at most this many pixels. */
  public ServerOptions withMaxPixels(long pixels) {
    require(pixels >= 1, "pixels expected at least 1, got %s", pixels);
    return with(copy -> copy.maxPixels = pixels);
  }

  /**
   * With loaded models of at most this many bytes together, by the size of their weights; those
   * that were not used for longest are closed for others.
   */
  public ServerOptions withModelBytes(long bytes) {
    require(bytes >= 1, "bytes of models expected at least 1, got %s", bytes);
    return with(copy -> copy.modelBytes = bytes);
  }

  /** With at most this many bytes of image features that are kept for further questions. */
  public ServerOptions withFeatureBytes(long bytes) {
    require(bytes >= 0, "bytes of features expected at least 0, got %s", bytes);
    return with(copy -> copy.featureBytes = bytes);
  }

  /** With at most this time for a request. */
  public ServerOptions withRequestTime(Duration time) {
    require(!time.isNegative() && !time.isZero(), "request time expected above 0, got %s", time);
    return with(copy -> copy.requestTime = time);
  }

  /**
   * With at most this time for a request's header, from its first byte on; of a new connection from
   * its beginning. Checked ten times a second.
   */
  public ServerOptions withHeaderTime(Duration time) {
    require(!time.isNegative() && !time.isZero(), "header time expected above 0, got %s", time);
    return with(copy -> copy.headerTime = time);
  }

  /**
   * With this time between two signs of life on a stream that has no events, also before its first;
   * checked ten times a second.
   */
  public ServerOptions withPing(Duration time) {
    require(
        !time.isNegative() && !time.isZero() && time.toSeconds() <= MOST_PING_SECONDS,
        "ping expected above 0 and at most %s s, got %s",
        MOST_PING_SECONDS,
        time);
    return with(copy -> copy.ping = time);
  }

  /** With this time for requests under way when the server is closed. */
  public ServerOptions withGrace(Duration time) {
    require(!time.isNegative(), "grace expected at least 0, got %s", time);
    return with(copy -> copy.grace = time);
  }

  /** With this origin of pages elsewhere that may ask, as in {@code https://example.org}. */
  public ServerOptions withCorsOrigin(String origin) {
    require(
        origin.matches("https?://[^/]+"),
        "origin expected as https://example.org, got '%s'",
        origin);
    return with(
        copy -> {
          List<String> more = new ArrayList<>(origins);
          more.add(origin);
          copy.origins = List.copyOf(more);
        });
  }

  /**
   * With images fetched from this host too, by https, if a client names a URL of it. Without any,
   * nothing is fetched.
   */
  public ServerOptions withImageHost(String name) {
    require(
        name.matches("[A-Za-z0-9.-]{1,253}"), "image host expected as example.org, got '%s'", name);
    return with(
        copy -> {
          Set<String> more = new TreeSet<>(imageHosts);
          more.add(name.toLowerCase(Locale.ROOT));
          copy.imageHosts = Set.copyOf(more);
        });
  }

  /** With models loaded in this way, such as in another precision. */
  public ServerOptions withLoading(LoadOptions newLoading) {
    return with(copy -> copy.loading = newLoading);
  }

  private ServerOptions with(Consumer<ServerOptions> change) {
    var copy = new ServerOptions();
    copy.host = host;
    copy.port = port;
    copy.models = models;
    copy.index = index;
    copy.apiKey = apiKey;
    copy.queue = queue;
    copy.connections = connections;
    copy.imageBytes = imageBytes;
    copy.maxPixels = maxPixels;
    copy.modelBytes = modelBytes;
    copy.featureBytes = featureBytes;
    copy.requestTime = requestTime;
    copy.headerTime = headerTime;
    copy.grace = grace;
    copy.ping = ping;
    copy.origins = origins;
    copy.imageHosts = imageHosts;
    copy.loading = loading;
    change.accept(copy);
    return copy;
  }

  private static void require(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new IllegalArgumentException("serve: " + String.format(Locale.ROOT, message, values));
    }
  }

  String host() {
    return host;
  }

  int port() {
    return port;
  }

  /** Paths by name, in order, empty for the bundled model; that alone if none was named. */
  Map<String, Optional<Path>> models() {
    return models.isEmpty() ? Map.of("bundled", Optional.empty()) : models;
  }

  @Nullable Path index() {
    return index;
  }

  @Nullable String apiKey() {
    return apiKey;
  }

  int queue() {
    return queue;
  }

  int connections() {
    return connections;
  }

  long imageBytes() {
    return imageBytes;
  }

  long maxPixels() {
    return maxPixels;
  }

  long modelBytes() {
    return modelBytes;
  }

  long featureBytes() {
    return featureBytes;
  }

  Duration requestTime() {
    return requestTime;
  }

  Duration ping() {
    return ping;
  }

  Duration headerTime() {
    return headerTime;
  }

  Duration grace() {
    return grace;
  }

  List<String> origins() {
    return origins;
  }

  Set<String> imageHosts() {
    return imageHosts;
  }

  LoadOptions loading() {
    return loading;
  }
}
