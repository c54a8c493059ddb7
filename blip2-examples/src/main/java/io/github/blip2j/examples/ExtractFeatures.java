package io.github.blip2j.examples;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.features.Feature;
import io.github.blip2j.blip2.features.FeatureExport;
import io.github.blip2j.blip2.features.FeatureExtractor;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Extracts features with a Q-Former, from one image or from a folder of any size: {@code
 * ExtractFeatures MODEL IMAGE TEXT} or {@code ExtractFeatures MODEL FOLDER OUT.safetensors}.
 */
public final class ExtractFeatures {
  private ExtractFeatures() {}

  /**
   * Prints the shapes of all features of an image and a text, or writes the features of a folder to
   * a file.
   */
  public static void main(String[] args) throws IOException {
    try (var matcher = ImageTextMatcher.load(Path.of(args[0]))) {
      if (Files.isDirectory(Path.of(args[1]))) {
        write(matcher, Path.of(args[1]), Path.of(args[2]));
      } else {
        print(matcher, matcher.read(Path.of(args[1])), args[2]);
      }
    }
  }

  private static void write(ImageTextMatcher matcher, Path folder, Path out) throws IOException {
    List<String> images = FeatureExport.images(folder);
    List<String> written =
        matcher
            .export(Feature.QUERIES, Feature.SINGLE)
            .skippingUnreadable()
            .toSafetensors(images, out); // in batches, for any number of images
    System.out.println(written.size() + " of " + images.size() + " images in " + out.getFileName());
  }

  private static void print(ImageTextMatcher matcher, Image image, String text) {
    try (var scope = Scope.open()) { // owns the tensors
      FeatureExtractor features = matcher.features();
      FeatureExtractor.OfImages images = features.images(List.of(image));
      System.out.println("patches: " + features.patches(List.of(image)).shape());
      System.out.println("image: " + images.queries().shape());
      System.out.println("image, compared: " + images.compared().shape());
      System.out.println("image, as one vector: " + matcher.embedPooled(image).length);

      FeatureExtractor.OfTexts texts = features.texts(List.of(text));
      System.out.println("text, every token: " + texts.tokens().shape());
      System.out.println("text, compared: " + texts.compared().shape());

      System.out.println("both: " + features.multimodal(List.of(image), List.of(text)).shape());
    }
  }
}
