package io.github.blip2j.blip2.checkpoint.files;

import io.github.blip2j.io.file.GitLfs;
import io.github.blip2j.io.file.OutputFile;
import io.github.blip2j.text.TokenizerFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The copy of a tokenizer's files from one model folder to another. */
public final class TokenizerCopy {
  private static final List<String> FILES =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.txt",
          "vocab.json",
          "merges.txt",
          "spiece.model");

  private TokenizerCopy() {}

  /** Copies the tokenizer's files that exist, and replaces those in the target. */
  public static void copy(Path from, Path folder) throws IOException {
    for (String name : FILES) {
      Path source = from.resolve(name);
      Path target = folder.resolve(name);
      if (Files.exists(source) && !(Files.exists(target) && Files.isSameFile(source, target))) {
        GitLfs.requireNone(source, "a tokenizer's file");
        OutputFile.write(target, Files.readAllBytes(source));
      }
    }
    if (TokenizerFolder.isMade(from)) {
      OutputFile.write(folder.resolve("tokenizer.json"), TokenizerFolder.makeJson(from));
    }
  }
}
