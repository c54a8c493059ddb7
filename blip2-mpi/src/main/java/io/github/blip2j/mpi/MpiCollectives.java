package io.github.blip2j.mpi;

import io.github.blip2j.distributed.CollectiveCall;
import io.github.blip2j.distributed.CollectivesException;
import io.github.blip2j.distributed.HostCollectives;
import io.github.blip2j.distributed.Launcher;
import io.github.blip2j.distributed.Pending;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.Thread.UncaughtExceptionHandler;
import java.time.Duration;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ranks that are processes. One thread of its own talks to MPI, and does all calls in order. */
final class MpiCollectives extends HostCollectives {
  /** How many seconds an operation waits for the other ranks; 0 for ever. */
  static final String LIMIT = "blip2.mpi.timeout";

  private static final Logger LOG = LoggerFactory.getLogger(MpiCollectives.class);
  private static final long DEFAULT_LIMIT = 1800;
  private static final long OTHERS_WORDS = 2000; // milliseconds
  private static final long LAST_WORDS = 5; // seconds for MPI to end the others

  private final String description;
  private final MpiSession session;
  private final ExecutorService thread;
  private final AtomicInteger aborting;
  private final @Nullable UncaughtExceptionHandler formerHandler;
  private final Thread hook;
  private volatile boolean finalized;

  private MpiCollectives(
      MpiSession session, ExecutorService thread, AtomicInteger aborting, MpiLibrary library) {
    super(session.rank(), session.size());
    this.session = session;
    this.thread = thread;
    this.aborting = aborting;
    this.description =
        String.format(
            Locale.ROOT, "%s of %d by %s", session.name(session.rank()), session.size(), library);
    this.formerHandler = Thread.getDefaultUncaughtExceptionHandler();
    this.hook = new Thread(this::endOthers, "blip2-mpi-exit");
  }

  /**
   * Starts MPI, which a process can do once.
   *
   * @param most elements in one call of MPI
   * @throws IllegalStateException if the processes do not find each other
   */
  static MpiCollectives open(MpiLibrary library, Optional<Launcher> launcher, int most) {
    AtomicInteger aborting = new AtomicInteger();
    ExecutorService thread =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread one = new Thread(task, "blip2-mpi");
              one.setDaemon(true);
              return one;
            });
    MpiSession session = new MpiSession(library, most, limit(), aborting);
    await(thread.submit(() -> session.start(library, launcher)));
    MpiCollectives collectives = new MpiCollectives(session, thread, aborting, library);
    Thread.setDefaultUncaughtExceptionHandler(collectives::uncaught);
    Runtime.getRuntime().addShutdownHook(collectives.hook);
    return collectives;
  }

  private static Duration limit() {
    return Duration.ofSeconds(Math.max(0, Long.getLong(LIMIT, DEFAULT_LIMIT)));
  }

  @Override
  protected Pending start(CollectiveCall call) {
    Future<?> done = thread.submit(() -> make(call));
    return () -> await(done);
  }

  private void make(CollectiveCall call) {
    if (isOver()) {
      throw new CollectivesException(
          call.describe() + ": ranks expected to be together, got a failure before");
    }
    try {
      session.make(call);
    } catch (CollectivesException e) {
      fail(e);
      throw e;
    }
    if (call.kind() == CollectiveCall.Kind.CLOSE) {
      finalized = true;
      thread.shutdown();
      leave();
    }
  }

  private static void await(Future<?> done) {
    try {
      done.get();
    } catch (ExecutionException e) {
      Throwable cause = Objects.requireNonNull(e.getCause());
      if (cause instanceof CollectivesException failed) {
        throw new CollectivesException(String.valueOf(failed.getMessage())); // the caller's stack
      }
      if (cause instanceof IllegalStateException failed) {
        throw failed;
      }
      throw new CollectivesException("mpi: " + cause, cause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CollectivesException("mpi: interrupted while waiting for other ranks", e);
    }
  }

  /** Nothing of this class stays with the process. */
  private void leave() {
    Thread.setDefaultUncaughtExceptionHandler(formerHandler);
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      LOG.debug("ends already");
    }
  }

  /** An exception that nobody caught ends all ranks, as the others would wait for this one. */
  private void uncaught(Thread where, Throwable e) {
    if (formerHandler != null) {
      formerHandler.uncaughtException(where, e);
    } else { // in one piece, as other ranks write too
      var text = new StringWriter();
      text.append(description + ": exception in thread " + where.getName() + ": ");
      e.printStackTrace(new PrintWriter(text, true));
      System.err.print(text);
    }
    if (e instanceof CollectivesException) {
      letOthersSpeak();
    }
    abort(1);
  }

  /**
   * The process ends without a close. After a signal it does so with a code that the launcher
   * notices, or that is the launcher's own doing; System.exit and the end of main may give 0.
   */
  private void endOthers() {
    boolean signalled =
        Thread.getAllStackTraces().keySet().stream()
            .map(Thread::getName)
            .anyMatch(name -> name.startsWith("SIG") && name.endsWith(" handler"));
    if (!finalized && !signalled) {
      if (isOver()) {
        letOthersSpeak();
      } else {
        LOG.error("{}: close() expected before the end of the process; all ranks end", description);
      }
      abort(1);
    }
  }

  /** After a failure of another rank, which should tell its cause before it is ended. */
  private static void letOthersSpeak() {
    try {
      Thread.sleep(OTHERS_WORDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void abort(int code) {
    if (code < 1 || code > 255) {
      throw new IllegalArgumentException("abort: code expected from 1 to 255, got " + code);
    }
    if (finalized) {
      return;
    }
    aborting.compareAndSet(0, code); // for the thread, if it waits for others
    try {
      thread.submit(session::abortIfAsked).get(LAST_WORDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.error("{}: MPI_Abort expected to end all ranks, got {}", description, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(code); // this one at least; the launcher notices
  }

  @Override
  public String toString() {
    return description;
  }
}
