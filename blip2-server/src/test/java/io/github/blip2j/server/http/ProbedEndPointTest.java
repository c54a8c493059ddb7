package io.github.blip2j.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.AbstractConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A connection that is asked whether its client is there, without HTTP above it. */
final class ProbedEndPointTest {
  private final CompletableFuture<ProbedEndPoint> opened = new CompletableFuture<>();
  private final Server server = new Server();
  private Socket client;
  private ProbedEndPoint connection;

  @BeforeEach
  void connect() throws Exception {
    var connector =
        new ServerConnector(server, 1, 1, new Silent()) {
          @Override
          protected SocketChannelEndPoint newEndPoint(
              SocketChannel channel, ManagedSelector selector, SelectionKey key) {
            return new ProbedEndPoint(channel, selector, key, getScheduler(), null);
          }
        };
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.start();
    client = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort());
    client.setTcpNoDelay(true);
    connection = opened.get(20, TimeUnit.SECONDS);
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    server.stop();
  }

  /** A protocol that reads nothing by itself. */
  private final class Silent extends AbstractConnectionFactory {
    Silent() {
      super("silent");
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
      return new AbstractConnection(endPoint, connector.getExecutor()) {
        @Override
        public void onOpen() {
          super.onOpen();
          opened.complete((ProbedEndPoint) endPoint);
        }

        @Override
        public void onFillable() {}
      };
    }
  }

  private void send(String text) throws IOException {
    client.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    client.getOutputStream().flush();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "expected within 20 s");
      Thread.sleep(5);
    }
  }

  private String filled() throws IOException {
    ByteBuffer buffer = BufferUtil.allocate(16);
    connection.fill(buffer);
    return BufferUtil.toString(buffer);
  }

  /** The system says nothing of a byte that was taken from it already. */
  @Test
  void reader_thatComesAfterTheProbe_isWokenForTheByteThatItRead() throws Exception {
    send("x");
    Thread.sleep(100); // so that the byte is there
    assertFalse(connection.isGone());

    var woken = new Callback.Completable();
    connection.fillInterested(woken);

    woken.get(20, TimeUnit.SECONDS);
    assertEquals("x", filled());
  }

  /** The last byte of a request that comes while the answer to the one before it ends. */
  @Test
  void reader_thatWaitsAlready_isWokenForEveryByteThatTheProbeReads() throws Exception {
    for (int i = 0; i < 300; i++) {
      var woken = new Callback.Completable();
      connection.fillInterested(woken);
      send("y");
      await(
          () -> {
            assertFalse(connection.isGone());
            return woken.isDone();
          });
      assertEquals("y", filled());
    }
  }

  @Test
  void end_ofTheClient_isSeen_andTheByteBeforeItIsNot() throws Exception {
    assertFalse(connection.isGone());
    send("z");
    client.shutdownOutput();

    Thread.sleep(100);
    assertFalse(connection.isGone(), "another request begins");
    assertEquals("z", filled());
    await(connection::isGone);
  }
}
