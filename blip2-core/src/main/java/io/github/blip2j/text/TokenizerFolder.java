package io.github.blip2j.text;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.TextFile;
import io.github.blip2j.text.tokenizer.TokenizerPipeline;
import io.github.blip2j.text.tokenizer.normalizer.Overrides;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The files of a tokenizer: {@code tokenizer.json}, or older files that it can be made from.
 * SentencePiece files are rejected with advice.
 */
public final class TokenizerFolder {
  private static final String FILE = "tokenizer.json";

  private TokenizerFolder() {}

  /** Whether a folder holds a tokenizer that can be opened. */
  public static boolean isIn(Path folder) {
    return Files.isRegularFile(folder.resolve(FILE)) || isMade(folder);
  }

  /** Whether a folder's {@code tokenizer.json} must be made from older files. */
  public static boolean isMade(Path folder) {
    return !Files.exists(folder.resolve(FILE))
        && (BytePairFiles.areIn(folder) || WordPieceFile.isIn(folder));
  }

  /**
   * The {@code tokenizer.json} of a folder that holds only older files.
   *
   * @throws CheckpointException if there are none, or one is invalid
   */
  public static String makeJson(Path folder) throws IOException {
    if (BytePairFiles.areIn(folder)) {
      return BytePairFiles.json(folder);
    }
    if (WordPieceFile.isIn(folder)) {
      return WordPieceFile.json(folder);
    }
    for (String name :
        new String[] {"spiece.model", "tokenizer.model", "sentencepiece.bpe.model"}) {
      if (Files.exists(folder.resolve(name))) {
        throw new CheckpointException(
            String.format(
                Locale.ROOT,
                "%s: %s expected, got %s alone; %s",
                folder,
                FILE,
                name,
                "AutoTokenizer.from_pretrained(folder).save_pretrained(folder) writes it"));
      }
    }
    throw new CheckpointException(
        folder.resolve(FILE) + ": file expected, got none; check the path");
  }

  static TokenizerPipeline read(Path path, Overrides overrides) throws IOException {
    if (Files.isDirectory(path) && !Files.exists(path.resolve(FILE))) {
      String name = BytePairFiles.areIn(path) ? BytePairFiles.name(path) : WordPieceFile.NAME;
      String made = makeJson(path);
      try (Reader json = new StringReader(made)) {
        return TokenizerPipeline.read(json, name, overrides);
      } catch (CheckpointException e) { // about the generated file, which users do not know
        String what = String.valueOf(e.getMessage()).substring(name.length() + 2);
        var exception = new CheckpointException(name + ": tokenizer expected, got " + what);
        exception.initCause(e);
        throw exception;
      }
    }
    Path file = Files.isDirectory(path) ? path.resolve(FILE) : path;
    try (Reader json = TextFile.open(file, "JSON")) {
      return TokenizerPipeline.read(json, String.valueOf(file.getFileName()), overrides);
    }
  }
}
