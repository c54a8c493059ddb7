package io.github.blip2j.search;

import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.search.store.IndexModel;
import io.github.blip2j.vision.image.Image;
import java.util.List;

/** The same vector for every text, over the made vectors of {@link SearchTest}. */
final class MadeText implements ImageEmbedder {
  private final float[] vector;

  MadeText(float[] vector) {
    this.vector = vector;
  }

  @Override
  public IndexModel model() {
    return new IndexModel("made", "00", 8, 64);
  }

  @Override
  public Image fit(Image image) {
    throw new AssertionError("texts only");
  }

  @Override
  public List<float[]> embed(List<Image> fitted) {
    throw new AssertionError("texts only");
  }

  @Override
  public float[] embed(String text) {
    return vector;
  }

  @Override
  public Match match(Image image, String text) {
    throw new AssertionError("no files");
  }
}
