package io.github.blip2j.bench.serving;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Clients that send one byte of a body every third of a second. */
final class SlowClients implements AutoCloseable {
  private static final long PAUSE_MILLIS = 300;

  private final List<Socket> sockets = new ArrayList<>();
  private final Thread thread = new Thread(this::drip, "slow clients");
  private volatile int cutOff;
  private volatile boolean closed;

  SlowClients(URI address, int count) throws IOException {
    byte[] head =
        String.join(
                "\r\n",
                "POST /v1/caption HTTP/1.1",
                "Host: localhost",
                "Content-Type: image/png",
                "Content-Length: 100000",
                "\r\n")
            .getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < count; i++) {
      var socket = new Socket(address.getHost(), address.getPort());
      socket.getOutputStream().write(head);
      sockets.add(socket);
    }
    thread.setDaemon(true);
    thread.start();
  }

  /** How many of them the server has cut off. */
  int cutOff() {
    return cutOff;
  }

  private void drip() {
    List<Socket> left = new ArrayList<>(sockets);
    while (!closed) {
      left.removeIf(socket -> !drip(socket));
      cutOff = sockets.size() - left.size();
      try {
        Thread.sleep(PAUSE_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static boolean drip(Socket socket) {
    try {
      socket.getOutputStream().write(0);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
