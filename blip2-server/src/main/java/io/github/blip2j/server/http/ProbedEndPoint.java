package io.github.blip2j.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * A connection that can be asked whether its client is still there while nobody reads from it.
 *
 * <p>Jetty reads nothing between the end of a request and the end of its answer, so a client that
 * closes its connection meanwhile goes unnoticed. {@link #isGone} tries to read one byte. If there
 * is one, it begins the next request and is kept for whoever reads next.
 */
final class ProbedEndPoint extends SocketChannelEndPoint {
  private final ByteBuffer ahead = ByteBuffer.allocate(1).flip(); // at most one byte
  private boolean ended;

  ProbedEndPoint(
      SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
    super(channel, selector, key, scheduler);
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
    if (ahead.hasRemaining()) {
      return BufferUtil.append(buffer, ahead);
    }
    return super.fill(buffer);
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
