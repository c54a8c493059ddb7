package io.github.blip2j.fuzz;

import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.text.Side;
import io.github.blip2j.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Tokenizer files: opened and used, or refused with words. */
public final class TokenizerTarget {
  private static final Path FILE = Scratch.folder("tokenizers").resolve("tokenizer.json");

  private TokenizerTarget() {}

  /** Opens one file. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Files.write(FILE, data);
    try (Tokenizer tokenizer = HuggingFaceTokenizer.open(FILE)) {
      use(tokenizer);
    } catch (IOException e) {
      Messages.require(e);
    }
  }

  /** Encodes and decodes; a text that this tokenizer can't take is refused with words. */
  static void use(Tokenizer tokenizer) {
    try {
      tokenizer.encode("a photo of two cats, \u00e9\ud83d\ude00 <image> x");
      tokenizer.encodeTruncated("a photo of two cats", 6, Side.LEFT);
      tokenizer.decode(new int[] {1, 2, 3, 5, 7, 100, 100_000});
      tokenizer.padId();
    } catch (IllegalArgumentException e) {
      Messages.require(e);
    }
  }
}
