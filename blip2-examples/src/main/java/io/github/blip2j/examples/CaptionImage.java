package io.github.blip2j.examples;

import io.github.blip2j.blip2.Blip2;
import java.io.IOException;
import java.nio.file.Path;

/** Describes an image: {@code CaptionImage IMAGE [MODEL_FOLDER]}. */
public final class CaptionImage {
  private CaptionImage() {}

  /** Prints the caption. Without a model folder, the bundled model is used. */
  public static void main(String[] args) throws IOException {
    Path image = Path.of(args[0]);
    try (Blip2 blip2 = args.length > 1 ? Blip2.load(Path.of(args[1])) : Blip2.bundled()) {
      System.out.println(blip2.caption(blip2.read(image)));
    }
  }
}
