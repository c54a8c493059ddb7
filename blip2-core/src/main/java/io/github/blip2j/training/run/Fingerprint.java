package io.github.blip2j.training.run;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What tells a file or a model from others.
 *
 * @param bytes size of a file, or of a model's files of weights
 * @param sha256 of a file's bytes; null for a model and for a file of more than a gibibyte, which
 *     would take longer to read than anyone wants to wait
 */
record Fingerprint(String path, long bytes, @Nullable String sha256) {
  private static final long LARGE = 1L << 30;
  private static final int PIECE = 1 << 20;
  private static final String WEIGHTS = ".*\\.(safetensors|bin|pth|pt)";

  static Fingerprint ofData(Path file) throws IOException {
    long bytes = Files.size(file);
    boolean shard = file.toString().endsWith(".tar"); // all of them are too much to read
    boolean small = Files.isRegularFile(file) && bytes <= LARGE && !shard;
    return new Fingerprint(file.toString(), bytes, small ? digest(file) : null);
  }

  /** Of the weights in a folder, or of a file of weights. */
  static Fingerprint ofModel(Path model) throws IOException {
    if (!Files.isDirectory(model)) {
      return new Fingerprint(model.toString(), Files.size(model), null);
    }
    long bytes = 0;
    try (Stream<Path> files = Files.list(model)) {
      for (Path file : files.filter(each -> each.toString().matches(WEIGHTS)).toList()) {
        bytes += Files.size(file);
      }
    }
    return new Fingerprint(model.toString(), bytes, null);
  }

  private static String digest(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
    ByteBuffer piece = ByteBuffer.allocate(PIECE);
    try (FileChannel channel = FileChannel.open(file)) {
      while (channel.read(piece) >= 0) {
        digest.update(piece.flip());
        piece.clear();
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Whether a stored one is of the same bytes, wherever they are. */
  boolean isSame(JsonObject stored) {
    boolean sized = !stored.has("bytes") || stored.get("bytes").getAsLong() == bytes;
    JsonElement hash = stored.get("sha256");
    return sized && (hash == null || sha256 == null || hash.getAsString().equals(sha256));
  }

  JsonObject json() {
    var json = new JsonObject();
    json.addProperty("path", path);
    json.addProperty("bytes", bytes);
    if (sha256 != null) {
      json.addProperty("sha256", sha256);
    }
    return json;
  }
}
