package io.github.blip2j.server.http;

import io.github.blip2j.server.api.Desk;
import io.github.blip2j.server.api.Images;
import io.github.blip2j.server.models.ModelStore;
import io.github.blip2j.server.photos.PhotoSearch;
import io.github.blip2j.server.work.WorkQueue;
import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.server.handler.MinimumDataRateHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The listening side: Jetty with our handlers. */
public final class HttpServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
  private static final int THREADS = 32;
  private static final int BACKLOG = 1024; // connections that the system holds until they are seen

  private final Server server;
  private final ServerConnector connector;
  private final Connections connections;
  private final Watch watch;
  private final InetSocketAddress address;
  private volatile int port; // that it has or had: the connector forgets it when it stops

  /**
   * A server that does not listen yet.
   *
   * @param key that requests must name, or null for none
   * @param origins of pages elsewhere that may ask
   * @param imageHosts from which images may be fetched
   * @param grace how long requests under way may take when it stops
   * @param search the index of photos, or null without one
   */
  public HttpServer(
      InetSocketAddress address,
      @Nullable String key,
      List<String> origins,
      Set<String> imageHosts,
      Limits limits,
      Duration grace,
      ModelStore models,
      WorkQueue queue,
      @Nullable PhotoSearch search,
      Metrics metrics) {
    this.address = address;
    this.connections = new Connections(limits);
    this.watch = new Watch(limits.ping(), connections);
    var threads = new QueuedThreadPool(THREADS, 4);
    threads.setName("blip2-http");
    threads.setDaemon(true);
    server = new Server(threads);
    connector = connector(limits);
    server.addConnector(connector);
    server.setErrorHandler(new JsonErrors());
    server.setStopTimeout(grace.toMillis());
    var access = new Access(key, address.getAddress().isLoopbackAddress(), origins);
    var images = new Images(imageHosts, limits.imageBytes());
    var desk = new Desk(models, queue, threads, images, search);
    List<Route> routes = new Routes(metrics, queue::isReady).of(desk);
    var front = new Front(routes, access, limits, metrics, watch);
    server.setHandler(new GracefulHandler(new MinimumDataRateHandler(front, limits.slowest(), 0)));
  }

  private ServerConnector connector(Limits limits) {
    var http = new HttpConfiguration();
    http.setRequestHeaderSize(limits.headerBytes());
    http.setSendServerVersion(false);
    http.setUriCompliance(UriCompliance.DEFAULT); // refuses ambiguous paths
    var made =
        new ServerConnector(server, 1, 1, new HttpConnectionFactory(http)) {
          @Override
          protected SocketChannelEndPoint newEndPoint(
              SocketChannel channel, ManagedSelector selector, SelectionKey key) {
            var connection =
                new ProbedEndPoint(channel, selector, key, getScheduler(), connections);
            connection.setIdleTimeout(getIdleTimeout());
            return connection;
          }
        };
    made.setHost(address.getAddress().getHostAddress());
    made.setPort(address.getPort());
    made.setAcceptQueueSize(BACKLOG);
    made.setIdleTimeout(limits.idle().toMillis());
    return made;
  }

  /**
   * Listens.
   *
   * @throws IOException if the address is taken, or is none of this machine's
   */
  public void start() throws IOException {
    try {
      server.start();
      port = connector.getLocalPort();
    } catch (Exception e) {
      close();
      String got = e.getCause() instanceof BindException bind ? bind.getMessage() : e.getMessage();
      throw new IOException(
          String.format(
              Locale.ROOT,
              "serve: %s expected to be free, got %s; choose another --host or --port",
              address,
              got),
          e);
    }
  }

  /** The port that it listens on, or has listened on. */
  public int port() {
    return port;
  }

  /** Takes no more requests, waits for those under way, and closes all connections. */
  @Override
  public void close() {
    try {
      server.stop();
    } catch (Exception e) {
      LOG.debug("stopping", e); // the time is over for some requests
    } finally {
      watch.close();
    }
  }
}
