package io.github.blip2j.cli.console;

import io.github.blip2j.backend.Diagnostics;
import io.github.blip2j.backend.MemoryShortageException;
import io.github.blip2j.distributed.CollectivesException;
import io.github.blip2j.distributed.RankException;
import io.github.blip2j.training.ListenerException;
import io.github.blip2j.training.TrainingDivergedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An error as one line. */
public final class ErrorReport {
  private static final List<String> JAVACPP_LIMITS = List.of("hysicalBytes", "maxBytes");

  private ErrorReport() {}

  public static String describe(Throwable e) {
    if (e instanceof OutOfMemoryError) {
      return memory(String.valueOf(e.getMessage()));
    }
    if (e instanceof ExceptionInInitializerError && e.getCause() != null && spoken(e.getCause())) {
      return describe(e.getCause()); // a system property read in a static initializer
    }
    if (e instanceof LinkageError) {
      return natives(e);
    }
    @Nullable Throwable cause = e.getCause();
    if (e instanceof UncheckedIOException && cause != null) { // how streams report an IOException
      return describe(cause);
    }
    if (e instanceof FileSystemException failure) {
      return describe(failure);
    }
    if (e instanceof InvalidPathException path) {
      return path.getInput()
          + ": path expected in this system's characters, got "
          + path.getReason()
          + "; rename it or set LC_ALL=C.UTF-8";
    }
    if (e instanceof ListenerException && cause != null && spoken(cause)) { // such as a validation
      return describe(cause);
    }
    if (e instanceof RankException && cause != null) { // another rank's
      String told = String.valueOf(e.getMessage());
      return told.substring(0, told.indexOf(':') + 2) + describe(cause);
    }
    if (spoken(e) && e.getMessage() != null) {
      return OptionNames.in(e.getMessage());
    }
    return String.format(
        Locale.ROOT, "a fault in blip2 itself: %s; run again with --debug and report it", root(e));
  }

  /** Names the memory that was too small; without a formatter, which would need heap itself. */
  private static String memory(String got) {
    if (JAVACPP_LIMITS.stream()
        .anyMatch(got::contains)) { // JavaCPP's own limit, which only a user sets
      return "memory outside the heap expected within JavaCPP's limits, got "
          + got
          + "; leave out -Dorg.bytedeco.javacpp.maxphysicalbytes and maxbytes, or raise them";
    }
    if (got.contains("thread")) {
      return "threads expected to start, got "
          + got
          + "; raise the limit of processes (ulimit -u) or set --threads";
    }
    long mebibytes = Runtime.getRuntime().maxMemory() >> 20;
    return "heap expected room for more, got full at "
        + mebibytes
        + " MiB; set BLIP2_JAVA_OPTS=-Xmx4g or higher";
  }

  private static String natives(Throwable e) {
    Optional<String> shortage;
    try {
      shortage = Diagnostics.nativeShortage();
    } catch (LinkageError unknown) {
      shortage = Optional.empty();
    }
    return shortage.orElseGet(
        () ->
            String.format(
                Locale.ROOT, "native library expected to load, got %s; run blip2 doctor", root(e)));
  }

  /** The exceptions whose messages are written for the person who typed the command. */
  private static boolean spoken(Throwable e) {
    return e instanceof IOException
        || e instanceof UsageException
        || e instanceof MemoryShortageException
        || e instanceof TrainingDivergedException
        || e instanceof RankException
        || e instanceof CollectivesException
        || e instanceof IllegalArgumentException
        || e instanceof IllegalStateException;
  }

  private static String describe(FileSystemException e) {
    @Nullable String got = e.getReason();
    if (e instanceof NoSuchFileException) {
      got = "nothing there";
    } else if (e instanceof FileAlreadyExistsException) {
      got = "another there already";
    } else if (e instanceof AccessDeniedException) {
      got = "no right to";
    } else if (got == null) {
      got = e.getClass().getSimpleName();
    }
    return String.format(
        Locale.ROOT, "%s: file expected to be readable or writable, got %s", e.getFile(), got);
  }

  private static String root(Throwable e) {
    Throwable root = e;
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      root = cause;
    }
    return root.getClass().getSimpleName() + " (" + root.getMessage() + ")";
  }
}
