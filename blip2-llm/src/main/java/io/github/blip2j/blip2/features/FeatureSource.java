package io.github.blip2j.blip2.features;

import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A model that computes features. */
interface FeatureSource {
  /** The features that this model has. */
  Set<Feature> features();

  /**
   * Features of images, each encoded once, in the open scope.
   *
   * @param texts for {@link Feature#MULTIMODAL} one for each image
   * @param wanted some of {@link #features}, but no {@link Feature#TEXT}
   * @return for each wanted feature [B, ...]
   */
  Map<Feature, Tensor> ofImages(List<Image> images, List<String> texts, Set<Feature> wanted);

  /** Texts as unit vectors in the open scope, [B, P]; where {@link Feature#TEXT} is among them. */
  Tensor ofTexts(List<String> texts);
}
