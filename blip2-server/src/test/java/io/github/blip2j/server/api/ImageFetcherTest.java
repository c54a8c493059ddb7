package io.github.blip2j.server.api;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which URLs are fetched, and which answers are taken. */
final class ImageFetcherTest {
  private final ImageFetcher fetcher = new ImageFetcher(Set.of("images.example", "localhost"));

  @ParameterizedTest
  @ValueSource(
      strings = {
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "ff02::1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1"
      })
  void address_ofThisMachineOrItsNetworks_isNotPublic(String address) throws UnknownHostException {
    assertEquals(false, PublicAddress.is(InetAddress.getByName(address)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"8.8.8.8", "100.63.0.1", "172.32.0.1", "192.1.0.1", "2606:4700::1111", "2a00::1"})
  void address_ofTheInternet_isPublic(String address) throws UnknownHostException {
    assertTrue(PublicAddress.is(InetAddress.getByName(address)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://other.example/a.png",
        "https://images.example.evil.example/a.png",
        "https://images.example@evil.example/a.png",
        "https://evil.example#images.example",
        "http://images.example/a.png",
        "https://images.example:8443/a.png",
        "https://user@images.example/a.png",
        "https://images.example\\@evil.example/",
        "https://localhost/a.png",
        "https:///a.png"
      })
  void url_thatIsNotAllowed_isRefused(String url) {
    ApiException e = assertThrows(ApiException.class, () -> fetcher.fetch("image", url));

    assertEquals(400, e.status());
    assertEquals("image", e.param());
  }

  @Test
  void body_ofStatus200_isTaken() {
    assertArrayEquals(
        new byte[] {'a', 'b'},
        ImageFetcher.body("image", bytes("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")));
    assertArrayEquals(
        new byte[] {'a', 'b'}, ImageFetcher.body("image", bytes("HTTP/1.0 200\r\n\r\nab")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 302 Found\r\nLocation: https://127.0.0.1/\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n",
        "",
        "nonsense\r\n\r\n"
      })
  void body_ofAnotherResponse_isRefused(String response) {
    assertThrows(ApiException.class, () -> ImageFetcher.body("image", bytes(response)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }
}
