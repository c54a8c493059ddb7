package io.github.blip2j.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A connection that can be asked whether its client is still there while nobody reads from it.
 *
 * <p>Jetty reads nothing between the end of a request and the end of its answer, so a client that
 * closes its connection meanwhile goes unnoticed. {@link #isGone} tries to read one byte. If there
 * is one, it begins the next request and is kept for whoever reads next.
 *
 * <p>It also knows what it is at, and since when: see {@link Connections}.
 */
final class ProbedEndPoint extends SocketChannelEndPoint {
  private final ByteBuffer ahead = ByteBuffer.allocate(1).flip(); // at most one byte
  private final @Nullable Connections connections;
  private volatile State state = State.now(Stage.HEADER); // changed under this lock
  private volatile boolean begun; // its client has sent something
  private boolean ended;

  /** What a connection is at, and since when. */
  record State(Stage stage, long sinceNanos) {
    static State now(Stage stage) {
      return new State(stage, System.nanoTime());
    }

    long age(long nowNanos) {
      return nowNanos - sinceNanos;
    }
  }

  /**
   * A connection.
   *
   * @param connections is told of its beginning and end, if not null
   */
  ProbedEndPoint(
      SocketChannel channel,
      ManagedSelector selector,
      SelectionKey key,
      Scheduler scheduler,
      @Nullable Connections connections) {
    super(channel, selector, key, scheduler);
    this.connections = connections;
  }

  State state() {
    return state;
  }

  /** Goes on to a stage, whose time begins now. */
  synchronized void enter(Stage next) {
    if (state.stage() != Stage.CUT) {
      state = State.now(next);
    }
  }

  private synchronized boolean leave(State found) {
    if (!state.equals(found)) {
      return false;
    }
    state = State.now(Stage.CUT);
    return true;
  }

  /**
   * Ends the connection, unless it has left the state in which it was found.
   *
   * @param header the time for a header, to tell a client that has begun one; or null
   */
  boolean cut(State found, @Nullable Duration header) {
    if (found.stage() == Stage.CUT || !leave(found)) {
      return false;
    }
    if (header != null && begun) {
      try {
        // Nobody else writes while a header is on its way. What does not fit at once is lost.
        getChannel().write(JsonErrors.slowHeader(header));
      } catch (IOException e) {
        // it has gone
      }
    }
    close(new TimeoutException("connection: a faster client expected"));
    return true;
  }

  @Override
  public void onOpen() {
    super.onOpen();
    if (connections != null) {
      connections.opened(this);
    }
  }

  @Override
  public void onClose(@Nullable Throwable failure) {
    super.onClose(failure);
    if (connections != null) {
      connections.closed(this);
    }
  }

  /** Whether the client has closed its connection, or its side of it. */
  boolean isGone() {
    boolean gone = probe();
    wake(); // the answer may have ended meanwhile, and a reader may wait for the byte
    return gone;
  }

  private synchronized boolean probe() {
    if (ended || !isOpen()) {
      return true;
    }
    if (ahead.hasRemaining()) {
      return false; // the next request is there
    }
    try {
      ahead.clear();
      ended = getChannel().read(ahead) < 0;
    } catch (IOException e) { // reset
      ended = true;
    } finally {
      ahead.flip();
    }
    return ended;
  }

  @Override
  public synchronized int fill(ByteBuffer buffer) throws IOException {
    int filled = ahead.hasRemaining() ? BufferUtil.append(buffer, ahead) : super.fill(buffer);
    if (filled > 0) {
      begun = true;
      if (state.stage() == Stage.IDLE) { // then the next request begins
        enter(Stage.HEADER);
      }
    }
    return filled;
  }

  @Override
  public void fillInterested(Callback callback) {
    super.fillInterested(callback);
    wake();
  }

  @Override
  public boolean tryFillInterested(Callback callback) {
    boolean interested = super.tryFillInterested(callback);
    wake();
    return interested;
  }

  /** The selector does not know of a byte that was read already. */
  private void wake() {
    boolean there;
    synchronized (this) {
      there = ahead.hasRemaining();
    }
    if (there) {
      getFillInterest().fillable();
    }
  }
}
