package io.github.blip2j.spark;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;

/** Names this process in messages, which otherwise do not say where in a cluster they come from. */
final class Hosts {
  private Hosts() {}

  /** As in {@code worker-7, process 4711}. */
  static String name() {
    String host;
    try {
      host = InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      host = "this machine";
    }
    return String.format(Locale.ROOT, "%s, process %d", host, ProcessHandle.current().pid());
  }
}
