package io.github.blip2j.examples;

import io.github.blip2j.blip2.Blip2;
import java.io.IOException;
import java.nio.file.Path;

/** Answers a question about an image: {@code AnswerQuestion IMAGE QUESTION [MODEL_FOLDER]}. */
public final class AnswerQuestion {
  private AnswerQuestion() {}

  /** Prints the answer. Without a model folder, the tiny model in the library gives it. */
  public static void main(String[] args) throws IOException {
    try (Blip2 blip2 = args.length > 2 ? Blip2.load(Path.of(args[2])) : Blip2.bundled()) {
      System.out.println(blip2.answer(Path.of(args[0]), args[1]));
    }
  }
}
