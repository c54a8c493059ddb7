package io.github.blip2j.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** What is fuzzed: a class for each kind of input, and the inputs to begin with. */
enum FuzzTarget {
  PICTURES("io.github.blip2j.fuzz.PictureTarget", 8192),
  SAFETENSORS("io.github.blip2j.fuzz.SafetensorsTarget", 4096),
  TORCH("io.github.blip2j.fuzz.TorchTarget", 8192),
  TOKENIZERS("io.github.blip2j.fuzz.TokenizerTarget", 16384),
  VOCABULARIES("io.github.blip2j.fuzz.VocabularyTarget", 4096),
  TEXTS("io.github.blip2j.fuzz.TextTarget", 512),
  SETTINGS("io.github.blip2j.fuzz.SettingsTarget", 8192),
  MODELS("io.github.blip2j.fuzz.ModelTarget", 8192),
  CAPTIONS("io.github.blip2j.fuzz.CaptionFileTarget", 4096),
  TABLES("io.github.blip2j.fuzz.TableTarget", 4096),
  SHARDS("io.github.blip2j.fuzz.ShardTarget", 8192),
  CHECKPOINTS("io.github.blip2j.training.TrainingCheckpointTarget", 8192),
  COMMANDS("io.github.blip2j.cli.CommandLineTarget", 64);

  private final String className;
  private final int maxLength;

  FuzzTarget(String className, int maxLength) {
    this.className = className;
    this.maxLength = maxLength;
  }

  /** The class with the method that Jazzer calls. */
  String className() {
    return className;
  }

  /** The longest input that is worth trying, in bytes. */
  int maxLength() {
    return maxLength;
  }

  /** The inputs that come with the project: one of each kind, and all that were ever a finding. */
  Path corpus() {
    return Path.of(resource("/corpus/" + this));
  }

  /** The files of {@link #corpus}, sorted by name. */
  List<Path> seeds() {
    try (Stream<Path> files = Files.list(corpus())) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Gives one input to the target, in this process. */
  void run(byte[] input) throws Throwable {
    try {
      Class.forName(className).getMethod("fuzzerTestOneInput", byte[].class).invoke(null, input);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** As on the command line: {@code pictures}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static URI resource(String path) {
    URL found = FuzzTarget.class.getResource(path);
    if (found == null) {
      throw new IllegalStateException(path + ": folder of seeds expected, got none");
    }
    try {
      return found.toURI();
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }
}
