package io.github.blip2j.server.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images from an https server on this machine. Addresses of this machine are refused, so a network
 * of the test's own resolves the server's name to a public address and connects that to the server;
 * TLS, certificates and HTTP are real.
 */
final class ImageFetcherTlsTest {
  private static final String NAME = "images.example";
  private static final String PUBLIC = "93.184.215.14";
  private static final String PASSWORD = "changeit";
  private static final byte[] IMAGE = {(byte) 0x89, 'P', 'N', 'G', 0, 1, 2, 3};

  @TempDir static Path folder;

  private static SSLContext tls;
  private static HttpsServer server;
  private static final List<String> ASKED = Collections.synchronizedList(new ArrayList<>());

  @BeforeAll
  static void start() throws Exception {
    KeyStore keys = keyStore();
    tls = context(keys);
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls));
    server.createContext("/", ImageFetcherTlsTest::answer);
    server.start();
  }

  @AfterAll
  static void stop() {
    server.stop(0);
  }

  /** A key and its certificate for {@link #NAME}, made by the JDK's own tool. */
  private static KeyStore keyStore() throws Exception {
    Path file = folder.resolve("keys.p12");
    String tool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    String[] command = {
      tool,
      "-genkeypair",
      "-alias",
      "server",
      "-keyalg",
      "EC",
      "-dname",
      "CN=" + NAME,
      "-ext",
      "SAN=dns:" + NAME,
      "-validity",
      "2",
      "-storetype",
      "PKCS12",
      "-storepass",
      PASSWORD,
      "-keystore",
      file.toString()
    };
    Process made = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, made.waitFor(), said);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    return keys;
  }

  private static SSLContext context(KeyStore keys) throws Exception {
    var own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, PASSWORD.toCharArray());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", keys.getCertificate("server"));
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().toString();
    ASKED.add(path + " " + exchange.getRequestHeaders().getFirst("Host"));
    try (exchange) {
      if (path.startsWith("/moved")) {
        exchange.getResponseHeaders().set("Location", "https://" + NAME + "/a.png");
        exchange.sendResponseHeaders(302, -1);
      } else if (path.startsWith("/none")) {
        exchange.sendResponseHeaders(404, -1);
      } else {
        exchange.getResponseHeaders().set("Content-Type", "image/png");
        exchange.sendResponseHeaders(200, IMAGE.length);
        exchange.getResponseBody().write(IMAGE);
      }
    }
  }

  /** Names that lead to these addresses; a public one leads to the server. */
  private static final class Network implements ImageFetcher.Network {
    private final InetAddress[] addresses;
    private final SSLSocketFactory sockets;
    private final List<InetSocketAddress> connected = new ArrayList<>();

    Network(SSLSocketFactory sockets, InetAddress... addresses) {
      this.addresses = addresses;
      this.sockets = sockets;
    }

    @Override
    public InetAddress[] resolve(String host) {
      return addresses;
    }

    @Override
    public void connect(Socket socket, InetSocketAddress address, int timeoutMillis)
        throws IOException {
      connected.add(address);
      socket.connect(server.getAddress(), timeoutMillis);
    }

    @Override
    public SSLSocketFactory sockets() {
      return sockets;
    }
  }

  private static Network network(String... addresses) throws UnknownHostException {
    InetAddress[] all = new InetAddress[addresses.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = InetAddress.getByName(addresses[i]);
    }
    return new Network(tls.getSocketFactory(), all);
  }

  private static byte[] fetch(Network network, String url) {
    return new ImageFetcher(Set.of(NAME, "other.example"), network).fetch("image", url);
  }

  private static void assertRefused(Network network, String url, String message) {
    ApiException e = assertThrows(ApiException.class, () -> fetch(network, url));
    assertEquals(400, e.status());
    assertEquals("image", e.param());
    assertTrue(message(e).contains(message), message(e));
  }

  private static String message(Throwable e) {
    @Nullable String message = e.getMessage();
    return String.valueOf(message);
  }

  @Test
  void image_isFetchedOverTls_fromTheAddressThatWasChecked() throws Exception {
    Network network = network(PUBLIC);

    assertArrayEquals(IMAGE, fetch(network, "https://" + NAME + "/a/b.png?size=1"));

    assertEquals(
        List.of(new InetSocketAddress(InetAddress.getByName(PUBLIC), 443)), network.connected);
    assertTrue(ASKED.contains("/a/b.png?size=1 " + NAME), ASKED.toString());
  }

  @Test
  void certificate_ofAnotherName_isRefused() throws Exception {
    assertRefused(network(PUBLIC), "https://other.example/a.png", "got no answer");
  }

  @Test
  void certificate_thatNobodyTrusts_isRefused() throws Exception {
    var plain = (SSLSocketFactory) SSLSocketFactory.getDefault();
    var network = new Network(plain, InetAddress.getByName(PUBLIC));

    assertRefused(network, "https://" + NAME + "/a.png", "got no answer");
    assertEquals(1, network.connected.size(), "the handshake was begun");
  }

  @Test
  void redirect_isNotFollowed() throws Exception {
    ASKED.clear();

    assertRefused(network(PUBLIC), "https://" + NAME + "/moved", "got '302'");

    assertEquals(List.of("/moved " + NAME), ASKED);
  }

  @Test
  void status_thatIsNot200_isRefused() throws Exception {
    assertRefused(network(PUBLIC), "https://" + NAME + "/none", "got '404'");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.0.1",
        "100.64.0.1",
        "::1",
        "::",
        "fe80::1",
        "fd00::1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::"
      })
  void address_thatIsNotPublic_isRefusedBeforeItIsConnected(String address) throws Exception {
    Network network = network(address);

    assertRefused(network, "https://" + NAME + "/a.png", "a public address expected");
    assertEquals(List.of(), network.connected);
  }

  /** Resolvers may hand out IPv4 within IPv6 as it is. */
  @Test
  void address_mappedIntoIpv6_isRefused() throws Exception {
    byte[] mapped = new byte[16];
    mapped[10] = (byte) 0xFF;
    mapped[11] = (byte) 0xFF;
    System.arraycopy(InetAddress.getByName(PUBLIC).getAddress(), 0, mapped, 12, 4);
    InetAddress address = Inet6Address.getByAddress(NAME, mapped, -1);
    var network = new Network(tls.getSocketFactory(), address);

    assertEquals(16, address.getAddress().length);
    assertRefused(network, "https://" + NAME + "/a.png", "a public address expected");
  }

  @Test
  void answers_thatMixPublicAndPrivate_areRefused() throws Exception {
    for (String[] mixed : new String[][] {{PUBLIC, "10.0.0.1"}, {"::1", PUBLIC}}) {
      Network network = network(mixed);

      assertRefused(network, "https://" + NAME + "/a.png", "a public address expected");
      assertEquals(List.of(), network.connected);
    }
  }

  @Test
  void answer_withoutAnAddress_isRefused() throws Exception {
    assertRefused(network(), "https://" + NAME + "/a.png", "a public address expected");
  }
}
