package io.github.blip2j.cli;

import io.github.blip2j.tensor.MemoryShortageException;
import io.github.blip2j.training.TrainingDivergedException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** What went wrong, in one line. */
final class Failure {
  private Failure() {}

  static String describe(Throwable e) {
    if (e instanceof OutOfMemoryError) {
      long mebibytes = Runtime.getRuntime().maxMemory() >> 20;
      return "heap expected room for more, got full at " // no formatter: it needs heap itself
          + mebibytes
          + " MiB; set BLIP2_JAVA_OPTS=-Xmx4g or higher";
    }
    if (e instanceof ExceptionInInitializerError && e.getCause() != null && spoken(e.getCause())) {
      return describe(e.getCause()); // a property that is read when its class loads
    }
    if (e instanceof LinkageError) {
      return "native library expected to load, got %s; run blip2 doctor".formatted(root(e));
    }
    if (e instanceof FileSystemException failure) {
      return describe(failure);
    }
    if (spoken(e) && e.getMessage() != null) {
      return e.getMessage();
    }
    return "a fault in blip2 itself: %s; run again with --debug and report it".formatted(root(e));
  }

  /** The exceptions whose messages are written for the person who typed the command. */
  private static boolean spoken(Throwable e) {
    return e instanceof IOException
        || e instanceof UsageException
        || e instanceof MemoryShortageException
        || e instanceof TrainingDivergedException
        || e instanceof IllegalArgumentException
        || e instanceof IllegalStateException;
  }

  private static String describe(FileSystemException e) {
    String got = e.getReason();
    if (e instanceof NoSuchFileException) {
      got = "nothing there";
    } else if (e instanceof AccessDeniedException) {
      got = "no right to";
    }
    return "%s: file expected to be readable or writable, got %s".formatted(e.getFile(), got);
  }

  private static String root(Throwable e) {
    Throwable root = e;
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      root = cause;
    }
    return root.getClass().getSimpleName() + " (" + root.getMessage() + ")";
  }
}
