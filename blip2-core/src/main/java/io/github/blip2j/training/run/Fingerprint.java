package io.github.blip2j.training.run;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.blip2j.io.file.ModelDigest;
import io.github.blip2j.io.file.SampledDigest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What tells a file or a model from others, wherever it lies and whenever it was written.
 *
 * <p>Records are read whole. Weights, shards and files of more than a gibibyte are sampled ({@link
 * SampledDigest}): a trained model differs from others nearly everywhere, and reading 15 GB would
 * take longer than anyone wants to wait.
 *
 * @param bytes size of a file, or of a model's files of weights
 * @param digest SHA-256, of all bytes or of samples; null of what is no regular file
 * @param sampled whether it is of samples
 */
record Fingerprint(String path, long bytes, @Nullable String digest, boolean sampled) {
  private static final long LARGE = 1L << 30;
  private static final int SHOWN = 12;
  private static final String SHARD = ".tar";
  private static final String WHOLE = "sha256";
  private static final String SAMPLED = "sampled_sha256";

  static Fingerprint ofData(Path file) throws IOException {
    long bytes = Files.size(file);
    if (!Files.isRegularFile(file)) {
      return new Fingerprint(file.toString(), bytes, null, false);
    }
    boolean shard = file.toString().endsWith(SHARD);
    boolean sampled = shard || bytes > LARGE;
    var digest = new SampledDigest();
    if (sampled) {
      digest.addSamples(file, shard ? SampledDigest.OF_SHARDS : SampledDigest.OF_WEIGHTS);
    } else {
      digest.addWhole(file);
    }
    return new Fingerprint(file.toString(), bytes, digest.hex(), sampled);
  }

  static Fingerprint ofModel(Path model) throws IOException {
    ModelDigest digest = ModelDigest.of(model);
    return new Fingerprint(model.toString(), digest.bytes(), digest.hex(), true);
  }

  /** Whether a stored one is of the same bytes, as far as it tells; older ones have no digest. */
  boolean isSame(JsonObject stored) {
    boolean sized = !stored.has("bytes") || stored.get("bytes").getAsLong() == bytes;
    JsonElement before = stored.get(sampled ? SAMPLED : WHOLE);
    return sized && (before == null || digest == null || before.getAsString().equals(digest));
  }

  JsonObject json() {
    var json = new JsonObject();
    json.addProperty("path", path);
    json.addProperty("bytes", bytes);
    if (digest != null) {
      json.addProperty(sampled ? SAMPLED : WHOLE, digest);
    }
    return json;
  }

  /**
   * A stored one in words: path and size, and the digest if another one has this size too.
   *
   * @param other bytes of the other one
   */
  static String words(JsonObject stored, long other) {
    String path = stored.has("path") ? stored.get("path").getAsString() : "";
    long bytes = stored.has("bytes") ? stored.get("bytes").getAsLong() : -1;
    JsonElement digest = stored.get(stored.has(SAMPLED) ? SAMPLED : WHOLE);
    String mark = "";
    if (bytes == other && digest != null) {
      String hex = digest.getAsString();
      mark = " (SHA-256 " + hex.substring(0, Math.min(SHOWN, hex.length())) + ")";
    }
    return String.format(Locale.ROOT, "%s of %d bytes%s", path, bytes, mark);
  }
}
