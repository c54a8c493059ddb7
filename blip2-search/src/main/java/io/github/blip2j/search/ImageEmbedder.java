package io.github.blip2j.search;

import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.vision.image.Image;
import java.util.List;

/**
 * What an index needs of a model: unit vectors of images and texts in one space. {@link
 * MatcherEmbedder} is the usual one.
 */
public interface ImageEmbedder {
  /** The model and the size of its vectors; an index accepts no other. */
  IndexModel model();

  /** An image at the model's input size; called by several threads at once. */
  Image fit(Image image);

  /**
   * The vectors of images.
   *
   * @param fitted of {@link #fit}
   * @return for each image Q unit vectors one after the other, [Q P]
   */
  List<float[]> embed(List<Image> fitted);

  /** The unit vector of a text, [P]. */
  float[] embed(String text);

  /**
   * How well a text describes an image by a closer look, for the order of the best.
   *
   * @param image of any size
   */
  Match match(Image image, String text);
}
