package io.github.blip2j.examples;

import io.github.blip2j.blip2.FeatureExtractor;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Shows what can be taken from a Q-Former: {@code ExtractFeatures MODEL IMAGE TEXT}. */
public final class ExtractFeatures {
  private ExtractFeatures() {}

  /** Prints the shapes of all features of an image, a text, and both together. */
  public static void main(String[] args) throws IOException {
    try (var matcher = ImageTextMatcher.load(Path.of(args[0]));
        var scope = Scope.open()) { // owns the tensors
      RgbImage image = matcher.read(Path.of(args[1]));
      FeatureExtractor features = matcher.features();

      FeatureExtractor.OfImages images = features.images(List.of(image));
      System.out.println("image: " + images.queries().shape());
      System.out.println("image, compared: " + images.compared().shape());
      System.out.println("image, as one vector: " + matcher.embedAsOne(image).length);

      FeatureExtractor.OfTexts texts = features.texts(List.of(args[2]));
      System.out.println("text, every token: " + texts.words().shape());
      System.out.println("text, compared: " + texts.compared().shape());

      System.out.println("both: " + features.multimodal(List.of(image), List.of(args[2])).shape());
    }
  }
}
