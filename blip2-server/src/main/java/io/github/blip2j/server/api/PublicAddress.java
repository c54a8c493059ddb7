package io.github.blip2j.server.api;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;

/** Addresses of the open internet, as against those of this machine and of networks around it. */
final class PublicAddress {
  private static final int BYTE = 0xFF;

  private PublicAddress() {}

  static boolean is(InetAddress address) {
    if (address.isAnyLocalAddress()
        || address.isLoopbackAddress()
        || address.isLinkLocalAddress()
        || address.isSiteLocalAddress()
        || address.isMulticastAddress()) {
      return false;
    }
    byte[] bytes = address.getAddress();
    return address instanceof Inet4Address
        ? isPublic4(bytes)
        : address instanceof Inet6Address && isPublic6(bytes);
  }

  /**
   * RFC 6890: also this network, CGNAT, protocol assignments, 6to4 relays, benchmarks,
   * documentation, class E.
   */
  private static boolean isPublic4(byte[] bytes) {
    int a = bytes[0] & BYTE;
    int b = bytes[1] & BYTE;
    int c = bytes[2] & BYTE;
    boolean special =
        a == 0
            || a == 10
            || a == 127
            || (a == 100 && b >= 64 && b < 128)
            || (a == 172 && b >= 16 && b < 32)
            || (a == 192 && b == 168)
            || (a == 192 && b == 0 && (c == 0 || c == 2))
            || (a == 192 && b == 88 && c == 99)
            || (a == 198 && (b == 18 || b == 19 || (b == 51 && c == 100)))
            || (a == 203 && b == 0 && c == 113)
            || a >= 224;
    return !special;
  }

  /** Global unicast 2000::/3 alone, without what wraps IPv4 or documents (RFC 6890, RFC 9637). */
  private static boolean isPublic6(byte[] bytes) {
    int first = (bytes[0] & BYTE) << 8 | (bytes[1] & BYTE);
    int second = (bytes[2] & BYTE) << 8 | (bytes[3] & BYTE);
    boolean unicast = (bytes[0] & 0xE0) == 0x20;
    boolean sixToFour = first == 0x2002;
    boolean teredoOrSpecial = first == 0x2001 && second < 0x0200;
    boolean documentation = first == 0x2001 && second == 0x0db8;
    boolean newerDocumentation = first == 0x3fff && second < 0x1000;
    return unicast && !sixToFour && !teredoOrSpecial && !documentation && !newerDocumentation;
  }
}
