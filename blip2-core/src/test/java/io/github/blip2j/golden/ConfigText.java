package io.github.blip2j.golden;

import io.github.blip2j.io.file.ConfigJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Configurations written down in a test. */
public final class ConfigText {
  private ConfigText() {}

  /** This text as if it were a {@code config.json}, by way of a temporary file. */
  public static ConfigJson of(String json) {
    try {
      Path folder = Files.createTempDirectory("config");
      Path file = folder.resolve("config.json");
      try {
        Files.writeString(file, json);
        return ConfigJson.read(file);
      } finally {
        Files.deleteIfExists(file);
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
