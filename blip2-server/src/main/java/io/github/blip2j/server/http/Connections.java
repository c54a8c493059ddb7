package io.github.blip2j.server.http;

import io.github.blip2j.server.http.ProbedEndPoint.State;
import java.time.Duration;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * All connections: none takes longer than it may, and when there are too many, the slow ones give
 * way to new ones.
 *
 * <p>Jetty ends connections that are silent. A client that sends or reads a byte now and then is
 * never silent, so here the whole of a header, a body and an answer has its time.
 */
final class Connections {
  private static final long FRESH_NANOS = Duration.ofSeconds(1).toNanos();

  private final Set<ProbedEndPoint> open = ConcurrentHashMap.newKeySet();
  private final Limits limits;
  private long looked = System.nanoTime(); // of the watch's thread alone

  Connections(Limits limits) {
    this.limits = limits;
  }

  /** A connection has begun; another may have to go for it. */
  void opened(ProbedEndPoint connection) {
    open.add(connection);
    if (open.size() <= limits.connections()) {
      return;
    }
    // Most that have just begun are good, and will have sent their request in a moment.
    boolean flooded = open.size() > 2 * limits.connections();
    for (int attempt = 0; attempt < 3; attempt++) { // a state may change meanwhile
      Candidate victim = victim(connection, flooded ? 0 : FRESH_NANOS);
      if (victim == null) {
        break;
      }
      if (victim.connection.cut(victim.state, null)) {
        return;
      }
    }
    if (flooded) {
      connection.cut(connection.state(), null);
    }
  }

  void closed(ProbedEndPoint connection) {
    open.remove(connection);
  }

  /** One that could go, in the state in which it was found. */
  private record Candidate(ProbedEndPoint connection, State state) {}

  private @Nullable Candidate victim(ProbedEndPoint newest, long youngestNanos) {
    long now = System.nanoTime();
    return open.stream()
        .filter(connection -> connection != newest)
        .map(connection -> new Candidate(connection, connection.state()))
        .filter(some -> some.state.stage().compareTo(Stage.WORK) < 0)
        .filter(some -> some.state.stage() == Stage.IDLE || some.state.age(now) >= youngestNanos)
        .min(
            Comparator.comparing((Candidate some) -> some.state.stage())
                .thenComparing(some -> -some.state.age(now)))
        .orElse(null);
  }

  /** Ends the connections that have taken too long. */
  void look() {
    long now = System.nanoTime();
    boolean stalled = now - looked > FRESH_NANOS; // all of the process: clients may have sent
    looked = now;
    if (stalled) {
      return;
    }
    for (ProbedEndPoint connection : open) {
      State state = connection.state();
      if (state.age(now) > most(state.stage()).toNanos()) {
        connection.cut(state, state.stage() == Stage.HEADER ? limits.header() : null);
      }
    }
  }

  private Duration most(Stage stage) {
    return switch (stage) {
      case HEADER -> limits.header();
      case REST -> limits.linger();
      case ANSWER -> limits.request();
      case BODY, WORK -> limits.request().plus(limits.idle()); // answered before, by the watch
      case IDLE, CUT -> limits.idle().multipliedBy(2); // ended before, as silent
    };
  }
}
