package io.github.blip2j.blip2.inference;

import io.github.blip2j.blip2.checkpoint.LoadOptions;
import io.github.blip2j.io.file.TemporaryFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The model in this module's jar, small enough to be unpacked for each load. */
public final class BundledModel {
  private static final String FOLDER = "/io/github/blip2j/blip2/bundled/";
  private static final List<String> FILES =
      List.of(
          "config.json",
          "model.safetensors",
          "preprocessor_config.json",
          "tokenizer.json",
          "tokenizer_config.json");

  private BundledModel() {}

  public static GenerationSession load(LoadOptions options) throws IOException {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    try (var folder = TemporaryFolder.create(temporary, "blip2-bundled", FILES)) {
      for (String file : FILES) {
        unpack(file, folder.path().resolve(file));
      }
      return GenerationSession.load(folder.path(), options);
    }
  }

  static void unpack(String file, Path target) throws IOException {
    try (InputStream in = BundledModel.class.getResourceAsStream(FOLDER + file)) {
      if (in == null) {
        throw new AssertionError("bundled/" + file + ": not in the jar");
      }
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
}
