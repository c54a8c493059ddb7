package io.github.blip2j.blip2.features;

import io.github.blip2j.blip2.inference.GenerationSession;
import io.github.blip2j.blip2.inference.ImageEncoder;
import io.github.blip2j.blip2.inference.ImageFeatures;
import io.github.blip2j.blip2.text.Arguments;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** The features of a model with a language model. */
public record PromptFeatures(GenerationSession loaded) implements FeatureSource {
  @Override
  public Set<Feature> features() {
    return loaded.model().config().readsInstruction()
        ? EnumSet.of(Feature.PATCHES) // the others depend on the text of a prompt
        : EnumSet.of(Feature.PATCHES, Feature.QUERIES, Feature.PROMPT);
  }

  @Override
  public Map<Feature, Tensor> ofImages(
      List<Image> images, List<String> texts, Set<Feature> wanted) {
    Map<Feature, Tensor> found = new EnumMap<>(Feature.class);
    loaded.during(
        () -> {
          try (ImageFeatures features = new ImageEncoder(loaded).encode(loaded.pixels(images))) {
            for (Feature feature : wanted) {
              found.put(feature, of(features, feature).copy());
            }
          }
          return found;
        });
    return found;
  }

  @Override
  public Tensor ofTexts(List<String> texts) {
    throw new AssertionError("a model with a language model has no embeddings of texts");
  }

  /** One feature of one image, [N][E] or [Q][C] or [Q][L]. */
  public float[][] of(Image image, Feature feature) {
    FeatureExport.requireAmong(features(), Arguments.required("embed", "feature", feature));
    try (var scope = Scope.open(loaded.backend())) {
      Map<Feature, Tensor> found = ofImages(List.of(image), List.of(), EnumSet.of(feature));
      return FloatRows.ofFirst(Objects.requireNonNull(found.get(feature)));
    }
  }

  private static Tensor of(ImageFeatures features, Feature feature) {
    return switch (feature) {
      case PATCHES -> features.patches();
      case QUERIES -> features.queries();
      case PROMPT -> features.prompt();
      case IMAGE, SINGLE, TEXT, MULTIMODAL ->
          throw new AssertionError(feature + " of a model that writes");
    };
  }
}
