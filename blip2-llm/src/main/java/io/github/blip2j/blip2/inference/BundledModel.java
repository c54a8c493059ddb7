package io.github.blip2j.blip2.inference;

import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.io.file.Sha256;
import io.github.blip2j.io.file.TemporaryFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;

/**
 * The model in this module's jar, of both stages, small enough to be unpacked for each load: one
 * that writes texts, and one that matches images with texts.
 */
public final class BundledModel {
  private static final String FOLDER = "/io/github/blip2j/blip2/bundled/";
  private static final String WRITER = "writer/";
  private static final String MATCHER = "matcher/";
  private static final String WEIGHTS = "model.safetensors";
  private static final List<String> FILES =
      List.of(
          "config.json",
          WEIGHTS,
          "preprocessor_config.json",
          "tokenizer.json",
          "tokenizer_config.json");

  private BundledModel() {}

  /** The model of the second stage, which writes texts. */
  public static GenerationSession writer(LoadOptions options) throws IOException {
    return load(WRITER, folder -> GenerationSession.load(folder, options));
  }

  /** The model of the first stage, which matches images with texts. */
  public static MatchingSession matcher(LoadOptions options) throws IOException {
    return load(MATCHER, folder -> MatchingSession.load(folder, options));
  }

  /**
   * A hash of the matching model's weights, in hexadecimal digits: another release may have others.
   */
  public static String matcherDigest() throws IOException {
    return digest(MATCHER);
  }

  /** The same of the model that writes. */
  public static String writerDigest() throws IOException {
    return digest(WRITER);
  }

  private static String digest(String part) throws IOException {
    try (InputStream in = resource(part + WEIGHTS)) {
      MessageDigest digest = Sha256.begin();
      byte[] block = new byte[1 << 16];
      for (int read = in.read(block); read >= 0; read = in.read(block)) {
        digest.update(block, 0, read);
      }
      return HexFormat.of().formatHex(digest.digest());
    }
  }

  @FunctionalInterface
  private interface Loader<T> {
    T load(Path folder) throws IOException;
  }

  private static <T> T load(String part, Loader<T> loader) throws IOException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    try (var folder = TemporaryFolder.create(temporary, "blip2-bundled", FILES)) {
      for (String file : FILES) {
        unpack(part + file, folder.path().resolve(file));
      }
      return loader.load(folder.path());
    }
  }

  static void unpack(String file, Path target) throws IOException {
    try (InputStream in = resource(file)) {
      byte[] bytes = in.readAllBytes();
      try {
        Files.write(target, bytes);
      } catch (IOException e) {
        throw new IOException(
            String.format(
                    Locale.ROOT,
                    "%s: room expected to unpack the bundled model, got %s; make room, or name another",
                    target,
                    e.getMessage())
                + " folder with -Djava.io.tmpdir",
            e);
      }
    }
  }

  private static InputStream resource(String file) {
    InputStream in = BundledModel.class.getResourceAsStream(FOLDER + file);
    if (in == null) {
      throw new AssertionError("bundled/" + file + ": not in the jar");
    }
    return in;
  }
}
