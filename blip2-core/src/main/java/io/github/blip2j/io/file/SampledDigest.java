package io.github.blip2j.io.file;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * A SHA-256 of files, whole or by samples.
 *
 * <p>Samples are the size of the file and blocks at even distances, the first and the last ones
 * among them. A file that is not larger than its samples is read whole. So 1024 blocks of 16 KiB
 * touch every matrix of 15 MB in a model of 15 GB, and 16 MiB of it are read.
 */
public final class SampledDigest {
  /**
   * How much of a file is read.
   *
   * @param blocks at least 2
   * @param size of a block in bytes
   */
  public record Samples(int blocks, int size) {}

  /** For files of weights. */
  public static final Samples OF_WEIGHTS = new Samples(1024, 1 << 14);

  /** There may be thousands of them; a shard that is packed anew has other bytes everywhere. */
  public static final Samples OF_SHARDS = new Samples(16, 1 << 12);

  private static final int PIECE = 1 << 20;

  private final MessageDigest digest = Sha256.begin();

  /** A digest of nothing, to which some is added. */
  public SampledDigest() {}

  /** Adds a text and its end. */
  public void addText(String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
  }

  /** Adds all bytes of a file. */
  public void addWhole(Path file) throws IOException {
    ByteBuffer piece = ByteBuffer.allocate(PIECE);
    try (FileChannel channel = FileChannel.open(file)) {
      while (channel.read(piece) >= 0) {
        digest.update(piece.flip());
        piece.clear();
      }
    }
  }

  /** Adds samples of a file. */
  public void addSamples(Path file, Samples samples) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(size).flip());
      if (size <= (long) samples.blocks * samples.size) {
        addWhole(file);
        return;
      }
      ByteBuffer block = ByteBuffer.allocate(samples.size);
      for (int i = 0; i < samples.blocks; i++) {
        read(channel, block.clear(), at(i, size, samples));
        digest.update(block.flip());
      }
    }
  }

  private static long at(int block, long size, Samples samples) {
    return (size - samples.size) * block / (samples.blocks - 1); // no file has 2^53 bytes
  }

  private static void read(FileChannel channel, ByteBuffer block, long at) throws IOException {
    long place = at;
    while (block.hasRemaining()) {
      int read = channel.read(block, place);
      if (read < 0) {
        throw new EOFException("file expected to keep its size while it is read, got its end");
      }
      place += read;
    }
  }

  /** The digest, 64 hexadecimal digits; nothing can be added after it. */
  public String hex() {
    return HexFormat.of().formatHex(digest.digest());
  }
}
