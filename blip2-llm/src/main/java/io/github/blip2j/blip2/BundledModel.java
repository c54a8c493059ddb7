package io.github.blip2j.blip2;

import io.github.blip2j.tensor.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The model that lies in this module's jar. It is small enough to be unpacked for each load. */
final class BundledModel {
  private static final String[] FILES = {
    "config.json",
    "model.safetensors",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json"
  };

  private BundledModel() {}

  static LoadedModel load(Precision precision) throws IOException {
    Path folder = Files.createTempDirectory("blip2-bundled");
    try {
      for (String file : FILES) {
        unpack(file, folder.resolve(file));
      }
      return LoadedModel.load(folder, precision);
    } finally {
      for (String file : FILES) {
        Files.deleteIfExists(folder.resolve(file));
      }
      Files.deleteIfExists(folder);
    }
  }

  static void unpack(String file, Path target) throws IOException {
    try (InputStream in = BundledModel.class.getResourceAsStream("bundled/" + file)) {
      if (in == null) {
        throw new AssertionError("bundled/" + file + ": not in the jar");
      }
      byte[] bytes = in.readAllBytes();
      try {
        Files.write(target, bytes);
      } catch (IOException e) {
        throw new IOException(
            "%s: room expected to unpack the bundled model, got %s; make room, or name another"
                    .formatted(target, e.getMessage())
                + " folder with -Djava.io.tmpdir",
            e);
      }
    }
  }
}
