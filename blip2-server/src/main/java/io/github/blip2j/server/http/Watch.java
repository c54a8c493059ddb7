package io.github.blip2j.server.http;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Request;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks after the requests under way: whether their clients are there, and their time is not over.
 */
final class Watch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Watch.class);
  private static final long PERIOD_MILLIS = 100;

  /** What is known of a request. */
  private static final class Watched {
    final long deadline;
    final long seconds;
    volatile @Nullable ProbedEndPoint client; // once its body is there
    long pinged = System.nanoTime();

    Watched(Duration time) {
      this.deadline = System.nanoTime() + time.toNanos();
      this.seconds = time.toSeconds();
    }
  }

  private final Map<Exchange, Watched> requests = new ConcurrentHashMap<>();
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            var made = new Thread(task, "blip2-watch");
            made.setDaemon(true);
            return made;
          });

  private final long pingNanos;
  private final Connections connections;

  /**
   * A watch.
   *
   * @param ping the time between two signs of life on a stream without events
   * @param connections are looked after too
   */
  Watch(Duration ping, Connections connections) {
    this.connections = connections;
    this.pingNanos = ping.toNanos();
    var unused =
        thread.scheduleWithFixedDelay(
            this::look, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  /** Ends a request when this time has passed. */
  void time(Request request, Exchange exchange, Duration time) {
    requests.put(exchange, new Watched(time));
    Request.addCompletionListener(request, failure -> requests.remove(exchange));
  }

  /** From now on nobody reads from the connection of a request, so its end must be looked for. */
  void client(Exchange exchange) {
    Watched watched = requests.get(exchange);
    if (watched != null) {
      exchange.enter(Stage.WORK);
      watched.client = exchange.connection();
    }
  }

  /** Whether the work of a request is under way, so that silence of its client means nothing. */
  boolean isWatched(Exchange exchange) {
    Watched watched = requests.get(exchange);
    return watched != null && watched.client != null && !exchange.isAnswered();
  }

  private void look() {
    try {
      connections.look();
    } catch (RuntimeException e) {
      LOG.warn("connections could not be looked after", e);
    }
    for (Map.Entry<Exchange, Watched> entry : List.copyOf(requests.entrySet())) {
      try {
        look(entry.getKey(), entry.getValue());
      } catch (RuntimeException e) {
        LOG.warn("a request could not be looked after", e);
        requests.remove(entry.getKey());
      }
    }
  }

  private void look(Exchange exchange, Watched watched) {
    long now = System.nanoTime();
    ProbedEndPoint client = watched.client;
    if (client != null && client.isGone()) {
      requests.remove(exchange);
      exchange.gone();
    } else if (now - watched.deadline > 0) {
      requests.remove(exchange);
      exchange.overdue(watched.seconds);
    } else if (now - watched.pinged > pingNanos) {
      watched.pinged = now;
      exchange.ping();
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
