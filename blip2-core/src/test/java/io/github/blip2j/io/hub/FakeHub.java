package io.github.blip2j.io.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A hub with one model, {@code org/name}, on a port of this machine. Small files it sends itself,
 * for large ones it refers to a second port, the store.
 */
public final class FakeHub implements AutoCloseable {
  /** The model's commit. */
  public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  static final String MODEL = "org/name";
  private static final String API = "/api/models/" + MODEL + "/revision/";

  /** What was asked of either port. */
  record Request(
      boolean ofStore,
      String method,
      String path,
      @Nullable String authorization,
      @Nullable String range) {}

  private static final class Content {
    final byte[] bytes;
    final boolean large;
    final String etag;

    Content(byte[] bytes, boolean large, String etag) {
      this.bytes = bytes;
      this.large = large;
      this.etag = etag;
    }
  }

  /** What happens instead of an answer, some times. */
  private static final class Fault {
    final String method;
    final String path;
    final HttpHandler handler;
    int times;

    Fault(String method, String path, int times, HttpHandler handler) {
      this.method = method;
      this.path = path;
      this.times = times;
      this.handler = handler;
    }
  }

  private final Map<String, Content> files = new LinkedHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<Fault> faults = new CopyOnWriteArrayList<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer hub;
  private final HttpServer store;

  private FakeHub() throws IOException {
    hub = start(this::asHub, false);
    store = start(this::asStore, true);
  }

  /** Starts a hub whose model has no files yet. */
  public static FakeHub start() throws IOException {
    return new FakeHub();
  }

  /** Adds a file that Git stores. */
  public FakeHub small(String name, byte[] bytes) {
    byte[] head =
        String.format(Locale.ROOT, "blob %d\0", bytes.length).getBytes(StandardCharsets.US_ASCII);
    files.put(name, new Content(bytes, false, hash("SHA-1", head, bytes)));
    return this;
  }

  /** Adds a file that the store sends. */
  public FakeHub large(String name, byte[] bytes) {
    files.put(name, new Content(bytes, true, hash("SHA-256", bytes)));
    return this;
  }

  /** Bytes that differ from place to place. */
  public static byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    for (int i = 0; i < count; i++) {
      bytes[i] = (byte) (i * 31 + i / 251);
    }
    return bytes;
  }

  /** Variables that lead to this hub, into a cache. */
  public Map<String, String> environment(Path cache) {
    return Map.of("HF_ENDPOINT", endpoint(), "HF_HUB_CACHE", cache.toString(), "HF_HOME", "/none");
  }

  /** This hub's address. */
  public String endpoint() {
    return address(hub);
  }

  /** Whether it was shown a token. */
  public boolean sawToken(String token) {
    return requests.stream()
        .anyMatch(request -> ("Bearer " + token).equals(request.authorization()));
  }

  String storeAddress() {
    return address(store);
  }

  String etag(String name) {
    return content(name).etag;
  }

  List<Request> requests() {
    return List.copyOf(requests);
  }

  /** Ranges that were asked for with each fetch of a file's content, "all" where none was. */
  List<String> fetches(String name) {
    boolean large = content(name).large;
    return requests.stream()
        .filter(r -> r.method().equals("GET") && r.ofStore() == large && r.path().endsWith(name))
        .map(r -> r.range() == null ? "all" : r.range())
        .toList();
  }

  /** Lets a handler answer some requests instead, those of paths that end so. */
  FakeHub instead(String method, String pathEnd, int times, HttpHandler handler) {
    faults.add(new Fault(method, pathEnd, times, handler));
    return this;
  }

  /** Cuts the connection after some bytes of a large file, some times. */
  FakeHub cutting(String name, int after, int times) {
    byte[] bytes = content(name).bytes;
    return instead("GET", "/store/" + name, times, exchange -> send(exchange, bytes, after));
  }

  /** Answers with a status, a body and headers. */
  static HttpHandler answer(int status, String body, String... headers) {
    return exchange -> {
      for (int i = 0; i < headers.length; i += 2) {
        exchange.getResponseHeaders().add(headers[i], headers[i + 1]);
      }
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      if (bytes.length > 0) {
        exchange.getResponseBody().write(bytes);
      }
    };
  }

  /** Sends other bytes, whatever range is asked for. */
  HttpHandler sending(byte[] bytes) {
    return sending(bytes, bytes.length);
  }

  /** The same, but the connection is cut after some bytes. */
  HttpHandler sending(byte[] bytes, int after) {
    return exchange -> {
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes, 0, after);
      exchange.getResponseBody().flush();
    };
  }

  /** Never answers. */
  HttpHandler silence() {
    return exchange -> await();
  }

  /** Falls silent after some bytes. */
  HttpHandler silenceAfter(byte[] bytes, int after) {
    return exchange -> {
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes, 0, after);
      exchange.getResponseBody().flush();
      await();
    };
  }

  @Override
  public void close() {
    closed.countDown();
    hub.stop(0);
    store.stop(0);
    threads.shutdownNow();
  }

  private HttpServer start(HttpHandler handler, boolean ofStore) throws IOException {
    var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", exchange -> handle(exchange, handler, ofStore));
    server.setExecutor(threads);
    server.start();
    return server;
  }

  private void handle(HttpExchange exchange, HttpHandler handler, boolean ofStore)
      throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    requests.add(
        new Request(
            ofStore,
            exchange.getRequestMethod(),
            path,
            exchange.getRequestHeaders().getFirst("Authorization"),
            exchange.getRequestHeaders().getFirst("Range")));
    HttpHandler chosen = handler;
    synchronized (this) {
      for (Fault fault : faults) {
        boolean meant = fault.method.equals(exchange.getRequestMethod());
        if (chosen == handler && meant && path.endsWith(fault.path) && fault.times > 0) {
          fault.times--;
          chosen = fault.handler;
        }
      }
    }
    try (exchange) {
      chosen.handle(exchange);
    }
  }

  private void asHub(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String resolve = "/" + MODEL + "/resolve/" + COMMIT + "/";
    if (path.startsWith(API)) {
      answer(200, listing()).handle(exchange);
    } else if (path.startsWith(resolve) && files.containsKey(path.substring(resolve.length()))) {
      resolve(exchange, path.substring(resolve.length()));
    } else {
      answer(404, "").handle(exchange);
    }
  }

  private void resolve(HttpExchange exchange, String name) throws IOException {
    Content content = content(name);
    exchange.getResponseHeaders().add("X-Repo-Commit", COMMIT);
    exchange.getResponseHeaders().add("ETag", "\"" + content.etag + "\"");
    if (content.large) {
      exchange.getResponseHeaders().add("X-Linked-Etag", "\"" + content.etag + "\"");
      exchange.getResponseHeaders().add("X-Linked-Size", "" + content.bytes.length);
      String address = storeAddress() + "/store/" + name.replace(" ", "%20") + "?key=1";
      exchange.getResponseHeaders().add("Location", address);
      exchange.sendResponseHeaders(302, -1);
    } else {
      send(exchange, content.bytes, content.bytes.length);
    }
  }

  private void asStore(HttpExchange exchange) throws IOException {
    byte[] bytes = content(exchange.getRequestURI().getPath().substring("/store/".length())).bytes;
    if (exchange.getRequestMethod().equals("HEAD")) { // a signed address is for reading
      answer(403, "").handle(exchange);
    } else {
      send(exchange, bytes, bytes.length);
    }
  }

  /** Sends what the request's range asks for, but at most the first bytes of it. */
  private static void send(HttpExchange exchange, byte[] bytes, int most) throws IOException {
    @Nullable String range = exchange.getRequestHeaders().getFirst("Range");
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("\\D", ""));
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().add("Content-Length", "" + bytes.length);
      exchange.sendResponseHeaders(200, -1);
      return;
    }
    if (range != null) {
      exchange
          .getResponseHeaders()
          .add(
              "Content-Range",
              String.format(Locale.ROOT, "bytes %d-%d/%d", from, bytes.length - 1, bytes.length));
    }
    exchange.sendResponseHeaders(range == null ? 200 : 206, bytes.length - from);
    exchange.getResponseBody().write(bytes, from, Math.min(most, bytes.length - from));
    exchange.getResponseBody().flush();
  }

  private void await() {
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String listing() {
    String siblings =
        files.keySet().stream()
            .map(name -> "{\"rfilename\": \"" + name + "\"}")
            .collect(Collectors.joining(", "));
    return String.format(
        Locale.ROOT,
        "{\"id\": \"%s\", \"sha\": \"%s\", \"siblings\": [%s]}",
        MODEL,
        COMMIT,
        siblings);
  }

  private Content content(String name) {
    @Nullable Content content = files.get(name);
    if (content == null) {
      throw new IllegalArgumentException("no file " + name);
    }
    return content;
  }

  private static String address(HttpServer server) {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private static String hash(String algorithm, byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      for (byte[] part : parts) {
        digest.update(part);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
