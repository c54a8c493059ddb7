package io.github.blip2j.examples;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Scores texts as descriptions of an image: {@code MatchImageText MODEL IMAGE TEXT...}. */
public final class MatchImageText {
  private MatchImageText() {}

  /** Prints a line for each text: the cosine, the probability of a match, the text. */
  public static void main(String[] args) throws IOException {
    List<String> texts = Arrays.asList(args).subList(2, args.length);
    try (var matcher = ImageTextMatcher.load(Path.of(args[0]))) {
      Image image = matcher.read(Path.of(args[1]));
      List<Match> matches = matcher.match(image, texts); // encodes the image once
      for (int i = 0; i < texts.size(); i++) {
        Match match = matches.get(i);
        System.out.printf(
            Locale.ROOT, "%.3f %.3f %s%n", match.itc(), match.itmProbability(), texts.get(i));
      }
    }
  }
}
