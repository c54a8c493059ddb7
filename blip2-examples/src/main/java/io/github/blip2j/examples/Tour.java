package io.github.blip2j.examples;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import java.io.IOException;
import java.nio.file.Path;

/** The program of the README, on the tiny model in the library: {@code Tour IMAGE}. */
public final class Tour {
  private Tour() {}

  /** Prints a caption, an answer, and the three best of five beams. */
  public static void main(String[] args) throws IOException {
    Path image = Path.of(args[0]);
    try (var blip2 = Blip2.bundled()) { // or Blip2.load(Path.of("blip2-opt-2.7b"))
      System.out.println(blip2.caption(blip2.read(image)));
      System.out.println(blip2.answer(blip2.read(image), "what color is the square?"));

      GenerationConfig decoding = GenerationConfig.beams(5).maxNewTokens(30).numReturnSequences(3);
      for (Generated text : blip2.generate(blip2.read(image), "a photo of", decoding)) {
        System.out.println(text.textWithPrompt());
      }
    }
  }
}
