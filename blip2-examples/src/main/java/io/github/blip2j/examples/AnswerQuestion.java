package io.github.blip2j.examples;

import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.text.Conversation;
import io.github.blip2j.vision.image.Image;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Answers a question about an image, and questions that follow up on it: {@code AnswerQuestion
 * IMAGE QUESTION [MODEL_FOLDER [FOLLOW_UP...]]}.
 */
public final class AnswerQuestion {
  private AnswerQuestion() {}

  /** Prints the answers. Without a model folder, or with {@code -}, the bundled model is used. */
  public static void main(String[] args) throws IOException {
    boolean own = args.length > 2 && !args[2].equals("-");
    try (Blip2 blip2 = own ? Blip2.load(Path.of(args[2])) : Blip2.bundled()) {
      BufferedImage image = blip2.read(Path.of(args[0])).toBufferedImage();
      String answer = blip2.answer(image, args[1]);
      System.out.println(answer);

      Conversation talk = Conversation.empty().and(args[1], answer);
      for (int i = 3; i < args.length; i++) {
        String next = blip2.answer(Image.of(image), talk, args[i]);
        System.out.println(next);
        talk = talk.and(args[i], next);
      }
    }
  }
}
