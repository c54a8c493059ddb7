package io.github.blip2j.examples;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.Generated;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;

/** The program of the README, with the bundled model: {@code Tour IMAGE}. */
public final class Tour {
  private Tour() {}

  /** Prints a caption, an answer, and the three best of five beams. */
  public static void main(String[] args) throws IOException {
    try (var blip2 = Blip2.bundled()) { // or Blip2.load(Path.of("blip2-opt-2.7b"))
      Image image = blip2.read(Path.of(args[0]));
      System.out.println(blip2.caption(image));
      System.out.println(blip2.answer(image, "how many christmas trees are there?"));

      GenerationConfig config = GenerationConfig.beams(5).maxNewTokens(30).numReturnSequences(3);
      for (Generated text : blip2.generate(image, "four", config)) {
        System.out.println(text.textWithPrompt());
      }
    }
  }
}
