package io.github.blip2j.io.file;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Things that are opened one after the other on the way to something that will own them: where the
 * way fails, all are closed.
 *
 * <pre>{@code
 * try (var opened = new Opened()) {
 *   Checkpoint one = Checkpoint.open(path);
 *   opened.add(one::close);
 *   return opened.keep(new Owner(one)); // whatever throws before this closes it
 * }
 * }</pre>
 */
public final class OpenResources implements AutoCloseable {
  private final Deque<Closeable> things = new ArrayDeque<>(); // the last first

  /** Nothing yet. */
  public OpenResources() {}

  /** One more, by what closes it. */
  public void add(Closeable thing) {
    things.push(thing);
  }

  /** Leaves all of them open: they are {@code owner}'s from now on. */
  public <T> T keep(T owner) {
    things.clear();
    return owner;
  }

  /**
   * Closes all, the last one first, whatever fails.
   *
   * @throws IOException what the first failure threw; it has those after it as suppressed
   */
  @Override
  public void close() throws IOException {
    @Nullable Throwable first = null;
    while (!things.isEmpty()) {
      try {
        things.pop().close();
      } catch (IOException | RuntimeException | Error e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first instanceof IOException e) {
      throw e;
    } else if (first instanceof RuntimeException e) {
      throw e;
    } else if (first instanceof Error e) {
      throw e;
    }
  }

  /**
   * Closes several things in their order, all of them, whatever fails.
   *
   * @throws IOException what the first failure threw; it has those after it as suppressed
   */
  public static void closeAll(Iterable<? extends Closeable> things) throws IOException {
    try (var all = new OpenResources()) {
      for (Closeable thing : things) {
        all.things.addLast(thing);
      }
    }
  }
}
