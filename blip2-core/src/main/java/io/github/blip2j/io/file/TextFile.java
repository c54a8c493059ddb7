package io.github.blip2j.io.file;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Text files of a checkpoint that are too large or too irregular for a JSON tree. */
public final class TextFile {
  // Above any known file; this limit only keeps a wrong file from filling the heap.
  private static final long MAX_BYTES = 100_000_000;

  private TextFile() {}

  /**
   * Opens a file for one pass.
   *
   * @param expected the expected content, such as {@code "JSON"}, for messages
   * @return UTF-8 text; reading other bytes throws a {@link CharacterCodingException}
   * @throws CheckpointException if there is no such file, it is too large, or it is a Git LFS
   *     pointer
   */
  public static Reader open(Path file, String expected) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(file + ": file expected, got none; check the path");
    }
    String name = ReadableFile.nameOf(file);
    long size = Files.size(file);
    if (size > MAX_BYTES) {
      throw new CheckpointException(
          String.format(
              Locale.ROOT, "%s: file expected at most %d bytes, got %d", name, MAX_BYTES, size));
    }
    InputStream bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    boolean whole = false;
    try {
      bytes.mark(GitLfs.LENGTH);
      byte[] start = bytes.readNBytes(GitLfs.LENGTH);
      bytes.reset();
      GitLfs.requireNone(ByteBuffer.wrap(start), name, expected);
      whole = true;
      return new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder());
    } finally {
      if (!whole) {
        bytes.close();
      }
    }
  }

  /**
   * The lines of a file.
   *
   * @param expected the expected content, for messages
   * @throws CheckpointException if there is no such file, it is too large, not UTF-8, or a Git LFS
   *     pointer
   */
  public static List<String> lines(Path file, String expected) throws IOException {
    try (Reader open = open(file, expected);
        var text = new BufferedReader(open)) {
      return text.lines().toList();
    } catch (CharacterCodingException | UncheckedIOException e) {
      var exception = new CheckpointException(file + ": text expected UTF-8, got other bytes");
      exception.initCause(e);
      throw exception;
    }
  }
}
