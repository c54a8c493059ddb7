package io.github.blip2j.blip2;

import io.github.blip2j.io.CheckpointException;
import io.github.blip2j.text.DjlTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The tokenizer of a language model's folder, be it ready or, of an OPT, in the parts of old. */
final class TokenizerFolder {
  private static final String READY = "tokenizer.json";
  private static final String SETTINGS = "tokenizer_config.json";

  private TokenizerFolder() {}

  /** Opens it; an OPT's is put together where the folder holds none that is ready. */
  static DjlTokenizer open(Path folder) throws IOException {
    if (!isMade(folder)) {
      return DjlTokenizer.open(folder);
    }
    Path made = Files.createTempDirectory("blip2-tokenizer");
    Path settings = made.resolve(SETTINGS);
    try {
      Files.writeString(made.resolve(READY), OptTokenizerJson.of(folder));
      if (Files.exists(folder.resolve(SETTINGS))) {
        Files.copy(folder.resolve(SETTINGS), settings);
      }
      return DjlTokenizer.open(made);
    } catch (CheckpointException e) {
      String ofMade = String.valueOf(e.getMessage());
      var named = new CheckpointException(ofMade.replace(READY, OptTokenizerJson.name(folder)));
      named.initCause(e);
      throw named;
    } finally {
      Files.deleteIfExists(made.resolve(READY));
      Files.deleteIfExists(settings);
      Files.delete(made);
    }
  }

  /** Copies it to a folder of the whole, with the one that was put together. */
  static void copy(Path folder, Path target) throws IOException {
    Conversion.copyTokenizer(folder, target);
    if (isMade(folder)) {
      Files.writeString(target.resolve(READY), OptTokenizerJson.of(folder));
    }
  }

  private static boolean isMade(Path folder) {
    return !Files.exists(folder.resolve(READY)) && OptTokenizerJson.isIn(folder);
  }
}
