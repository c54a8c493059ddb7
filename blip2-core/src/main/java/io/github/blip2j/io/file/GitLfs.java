package io.github.blip2j.io.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Pointers of Git LFS: the small text that replaces a large file in a clone without LFS. */
public final class GitLfs {
  /** The end of a message, after the expected content. */
  static final String MESSAGE = "%s: %s expected, got a Git LFS pointer; run git lfs pull";

  private static final byte[] POINTER = "version ".getBytes(StandardCharsets.US_ASCII);

  /** The number of bytes that identify a pointer. */
  public static final int LENGTH = POINTER.length;

  private GitLfs() {}

  /** Whether the buffer's remaining bytes begin like a pointer; the buffer's position stays. */
  static boolean isPointer(ByteBuffer start) {
    return start.remaining() >= LENGTH
        && start.duplicate().limit(start.position() + LENGTH).equals(ByteBuffer.wrap(POINTER));
  }

  /**
   * Checks a file that is copied or passed over without being parsed.
   *
   * @param expected what should be in the file instead
   * @throws CheckpointException if it is a pointer
   */
  public static void requireNone(Path file, String expected) throws IOException {
    try (InputStream bytes = Files.newInputStream(file)) {
      byte[] start = bytes.readNBytes(LENGTH);
      requireNone(ByteBuffer.wrap(start), ReadableFile.nameOf(file), expected);
    }
  }

  /**
   * Checks the first bytes of a file.
   *
   * @param expected the content that the file should have, for messages
   * @throws CheckpointException if they are a pointer's
   */
  public static void requireNone(ByteBuffer start, String name, String expected)
      throws CheckpointException {
    if (isPointer(start)) {
      throw new CheckpointException(String.format(Locale.ROOT, MESSAGE, name, expected));
    }
  }
}
