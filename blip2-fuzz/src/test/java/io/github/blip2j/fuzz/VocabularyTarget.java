package io.github.blip2j.fuzz;

import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** A folder with {@code vocab.json} and {@code merges.txt}; a zero byte parts them in the input. */
public final class VocabularyTarget {
  private static final Path FOLDER = Scratch.folder("vocabularies");

  private VocabularyTarget() {}

  /** Opens one folder. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    int end = 0;
    while (end < data.length && data[end] != 0) {
      end++;
    }
    Files.write(FOLDER.resolve("vocab.json"), Arrays.copyOf(data, end));
    byte[] merges = Arrays.copyOfRange(data, Math.min(end + 1, data.length), data.length);
    Files.write(FOLDER.resolve("merges.txt"), merges);
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(FOLDER)) {
      TokenizerTarget.use(tokenizer);
    } catch (IOException e) {
      Messages.require(e);
    }
  }
}
