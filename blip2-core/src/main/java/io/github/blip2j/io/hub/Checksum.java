package io.github.blip2j.io.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;

/** Compares a file on disk with the checksum in its ETag. */
final class Checksum {
  private static final int PIECE = 1 << 20;
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}"); // of large files
  private static final Pattern GIT = Pattern.compile("[0-9a-f]{40}"); // of files that Git stores

  private Checksum() {}

  /**
   * Checks the file if its ETag is a checksum; other files pass.
   *
   * @throws HubException if the checksum differs; the file is removed then
   */
  static void require(ModelId model, RemoteFile remote, Path file) throws IOException {
    String expected = remote.etag();
    String got = expected;
    if (SHA256.matcher(expected).matches()) {
      got = digest(digest("SHA-256"), file);
    } else if (GIT.matcher(expected).matches()) {
      MessageDigest sha1 = digest("SHA-1");
      sha1.update(
          String.format(Locale.ROOT, "blob %d\0", Files.size(file))
              .getBytes(StandardCharsets.US_ASCII));
      got = digest(sha1, file);
    }
    if (!got.equals(expected)) {
      Files.delete(file);
      throw new HubException(
          String.format(
              Locale.ROOT,
              "%s: %s expected with checksum %s, got %s; it was removed, run it again",
              model,
              remote.name(),
              expected,
              got));
    }
  }

  private static String digest(MessageDigest digest, Path file) throws IOException {
    ByteBuffer piece = ByteBuffer.allocate(PIECE);
    try (FileChannel channel = FileChannel.open(file)) {
      while (channel.read(piece) >= 0) {
        digest.update(piece.flip());
        piece.clear();
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has " + algorithm, e);
    }
  }
}
