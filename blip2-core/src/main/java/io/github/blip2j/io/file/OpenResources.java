package io.github.blip2j.io.file;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Resources that are opened one after the other for a future owner. If a step fails, all of them
 * are closed.
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
  private final Deque<Closeable> things = new ArrayDeque<>(); // last opened first

  /** No resources yet. */
  public OpenResources() {}

  /** Adds a resource by its close method. */
  public void add(Closeable thing) {
    things.push(thing);
  }

  /** Leaves all resources open; {@code owner} is responsible for them from now on. */
  public <T> T keep(T owner) {
    things.clear();
    return owner;
  }

  /**
   * Closes all resources, the last one first, even if some fail.
   *
   * @throws IOException the first failure; later failures are suppressed exceptions of it
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
   * Closes resources in their order, all of them, even if some fail.
   *
   * @throws IOException the first failure; later failures are suppressed exceptions of it
   */
  public static void closeAll(Iterable<? extends Closeable> things) throws IOException {
    try (var all = new OpenResources()) {
      for (Closeable thing : things) {
        all.things.addLast(thing);
      }
    }
  }
}
