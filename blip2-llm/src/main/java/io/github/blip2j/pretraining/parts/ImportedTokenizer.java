package io.github.blip2j.pretraining.parts;

import com.google.gson.JsonObject;
import io.github.blip2j.io.file.OutputFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A folder with BERT's tokenizer for a list of words, removed when it is closed. */
record ImportedTokenizer(Path folder) implements AutoCloseable {
  private static final String WORDS = "vocab.txt";
  private static final String SETTINGS = "tokenizer_config.json";

  /** Writes the folder; {@code tokenizer.json} is made of the words when it is read. */
  static ImportedTokenizer write(List<String> words, boolean lowerCase) throws IOException {
    Path folder = Files.createTempDirectory("blip2-bert");
    OutputFile.write(folder.resolve(WORDS), String.join("\n", words) + "\n");
    var settings = new JsonObject();
    settings.addProperty("tokenizer_class", "BertTokenizer");
    settings.addProperty("do_lower_case", lowerCase);
    OutputFile.write(folder.resolve(SETTINGS), settings + "\n");
    return new ImportedTokenizer(folder);
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(folder.resolve(WORDS));
    Files.deleteIfExists(folder.resolve(SETTINGS));
    Files.deleteIfExists(folder);
  }
}
