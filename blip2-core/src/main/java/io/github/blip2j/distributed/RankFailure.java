package io.github.blip2j.distributed;

import io.github.blip2j.backend.MemoryShortageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What failed on one rank, as far as the others need it to tell the same. */
public final class RankFailure {
  private static final char NO_FILE = 'n';
  private static final char NO_RIGHT = 'r';
  private static final char FILE = 'f';
  private static final char INPUT = 'i';
  private static final char MEMORY = 'm';
  private static final char SHORTAGE = 's';
  private static final char OTHER = 'o';

  private RankFailure() {}

  /** A failure as bytes. */
  public static byte[] bytes(Throwable e) {
    return text(e).getBytes(StandardCharsets.UTF_8);
  }

  private static String text(Throwable e) {
    if (e instanceof FileSystemException file) {
      char kind = FILE;
      if (e instanceof NoSuchFileException) {
        kind = NO_FILE;
      } else if (e instanceof AccessDeniedException) {
        kind = NO_RIGHT;
      }
      @Nullable String reason = file.getReason();
      return kind
          + Objects.requireNonNullElse(file.getFile(), "")
          + '\0'
          + (reason == null ? "" : reason);
    }
    if (e instanceof IOException) {
      return INPUT + message(e);
    }
    if (e instanceof MemoryShortageException) {
      return SHORTAGE + message(e);
    }
    return e instanceof OutOfMemoryError ? MEMORY + message(e) : OTHER + message(e);
  }

  /** Its message, or its name if it has none. */
  public static String message(Throwable e) {
    @Nullable String message = e.getMessage();
    return message == null || message.isBlank() ? e.toString() : message;
  }

  /** A failure with the same message, and of the same class if it is one of files or memory. */
  public static Throwable of(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    String rest = text.substring(1);
    int end = rest.indexOf('\0');
    String file = end < 0 ? rest : rest.substring(0, end);
    @Nullable String reason = end < 0 || end + 1 == rest.length() ? null : rest.substring(end + 1);
    return switch (text.charAt(0)) {
      case NO_FILE -> new NoSuchFileException(file, null, reason);
      case NO_RIGHT -> new AccessDeniedException(file, null, reason);
      case FILE -> new FileSystemException(file, null, reason);
      case INPUT -> new IOException(rest);
      case MEMORY -> new OutOfMemoryError(rest);
      case SHORTAGE -> new MemoryShortageException(rest);
      default -> new RankException(rest);
    };
  }
}
