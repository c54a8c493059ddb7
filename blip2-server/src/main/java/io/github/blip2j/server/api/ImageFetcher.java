package io.github.blip2j.server.api;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/**
 * Fetches images from hosts that the operator has named.
 *
 * <p>A name is resolved once, all its addresses must be public, and the connection goes to the
 * address that was checked, so that a name whose address changes leads nowhere else. HTTPS alone;
 * no redirects, which would lead elsewhere too. HTTP/1.0 is asked for, to which servers answer
 * without chunks.
 */
final class ImageFetcher {
  private static final int PORT = 443;
  private static final int MOST_BYTES = 10_000_000;
  private static final int MOST_HEADER = 16_384;
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final int AT_ONCE = 4;
  private static final byte[] END_OF_HEADER = {'\r', '\n', '\r', '\n'};

  /** How names become addresses, and addresses connections; tests have others. */
  interface Network {
    /** All addresses of a name. */
    InetAddress[] resolve(String host) throws UnknownHostException;

    /** Connects to an address. */
    void connect(Socket socket, InetSocketAddress address, int timeoutMillis) throws IOException;

    /** Makes TLS's sockets, and says whom they trust. */
    SSLSocketFactory sockets();
  }

  private static final Network INTERNET =
      new Network() {
        @Override
        public InetAddress[] resolve(String host) throws UnknownHostException {
          return InetAddress.getAllByName(host);
        }

        @Override
        public void connect(Socket socket, InetSocketAddress address, int timeoutMillis)
            throws IOException {
          socket.connect(address, timeoutMillis);
        }

        @Override
        public SSLSocketFactory sockets() {
          return (SSLSocketFactory) SSLSocketFactory.getDefault();
        }
      };

  private final Set<String> hosts;
  private final Network network;
  private final Semaphore places = new Semaphore(AT_ONCE);

  /**
   * A fetcher.
   *
   * @param hosts names in lower case; none for a fetcher that refuses everything
   */
  ImageFetcher(Set<String> hosts) {
    this(hosts, INTERNET);
  }

  ImageFetcher(Set<String> hosts, Network network) {
    this.hosts = Set.copyOf(hosts);
    this.network = network;
  }

  /** The bytes behind a URL, of at most 10 MB and within 10 s. */
  byte[] fetch(String path, String url) {
    URI uri = allowed(path, url);
    if (!places.tryAcquire()) {
      throw ApiException.unavailable("server_busy", path + ": too many images are fetched now", 1);
    }
    try {
      long deadline = System.nanoTime() + LIMIT_NANOS;
      InetAddress address = resolved(path, uri.getHost());
      try (Socket plain = new Socket()) {
        network.connect(plain, new InetSocketAddress(address, PORT), millisLeft(deadline));
        return exchange(path, plain, uri, deadline);
      }
    } catch (IOException e) {
      throw ApiException.invalid(path, "an image within 10 s expected, got no answer");
    } finally {
      places.release();
    }
  }

  private URI allowed(String path, String url) {
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw ApiException.invalid(path, "a URL expected, got a broken one");
    }
    String host = uri.getHost();
    if (host == null || !hosts.contains(host.toLowerCase(Locale.ROOT))) {
      throw ApiException.invalid(
          path,
          hosts.isEmpty()
              ? "a data URL expected, got another URL; this server fetches nothing"
              : "a data URL or a URL of a host that the server allows expected, got another");
    }
    if (!"https".equals(uri.getScheme())
        || uri.getRawUserInfo() != null
        || (uri.getPort() != -1 && uri.getPort() != PORT)) {
      throw ApiException.invalid(path, "https://host/... without a port or user expected");
    }
    return uri;
  }

  private InetAddress resolved(String path, String host) throws UnknownHostException {
    InetAddress[] all = network.resolve(host);
    if (all.length == 0 || !Arrays.stream(all).allMatch(PublicAddress::is)) {
      throw ApiException.invalid(path, "a public address expected, got another");
    }
    return all[0];
  }

  private byte[] exchange(String path, Socket plain, URI uri, long deadline) throws IOException {
    try (var secure =
        (SSLSocket) network.sockets().createSocket(plain, uri.getHost(), PORT, true)) {
      SSLParameters parameters = secure.getSSLParameters();
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      secure.setSSLParameters(parameters);
      secure.setSoTimeout(millisLeft(deadline));
      String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
      String file = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
      String request =
          "GET "
              + file
              + query
              + " HTTP/1.0\r\nHost: "
              + uri.getHost()
              + "\r\nAccept: image/*\r\nUser-Agent: blip2\r\nConnection: close\r\n\r\n";
      secure.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      secure.getOutputStream().flush();
      return body(path, all(path, secure, deadline));
    }
  }

  private static byte[] all(String path, SSLSocket socket, long deadline) throws IOException {
    InputStream in = socket.getInputStream();
    var bytes = new ByteArrayOutputStream();
    byte[] some = new byte[16_384];
    while (true) {
      socket.setSoTimeout(millisLeft(deadline));
      int read = in.read(some);
      if (read < 0) {
        return bytes.toByteArray();
      }
      bytes.write(some, 0, read);
      if (bytes.size() > MOST_BYTES + MOST_HEADER) {
        throw ApiException.invalid(path, "at most %d bytes expected, got more", MOST_BYTES);
      }
    }
  }

  /** The body of a response with status 200. */
  static byte[] body(String path, byte[] response) {
    int end = indexOf(response, END_OF_HEADER);
    if (end < 0 || end > MOST_HEADER) {
      throw ApiException.invalid(path, "an HTTP response expected, got another");
    }
    List<String> lines = new String(response, 0, end, StandardCharsets.ISO_8859_1).lines().toList();
    String first = lines.isEmpty() ? "" : lines.get(0);
    if (!first.matches("HTTP/1\\.[01] 200( .*)?")) {
      String status = first.replaceFirst("^\\S+ ", "").replaceAll("[^0-9].*", "");
      throw ApiException.invalid(
          path, "status 200 expected from its host, got '%s'; redirects are not followed", status);
    }
    int begin = end + END_OF_HEADER.length;
    for (String line : lines) {
      String lower = line.toLowerCase(Locale.ROOT);
      if (lower.startsWith("transfer-encoding:")) {
        throw ApiException.invalid(path, "a plain body expected from its host, got a coded one");
      }
      if (lower.startsWith("content-length:")
          && !lower.substring(15).strip().equals(Integer.toString(response.length - begin))) {
        throw ApiException.invalid(path, "a whole body expected from its host, got a part");
      }
    }
    return Arrays.copyOfRange(response, begin, response.length);
  }

  private static int indexOf(byte[] all, byte[] part) {
    for (int i = 0; i + part.length <= all.length; i++) {
      if (Arrays.equals(all, i, i + part.length, part, 0, part.length)) {
        return i;
      }
    }
    return -1;
  }

  private static int millisLeft(long deadline) throws SocketTimeoutException {
    long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
    if (left <= 0) {
      throw new SocketTimeoutException("the time for an image is over");
    }
    return (int) left;
  }
}
