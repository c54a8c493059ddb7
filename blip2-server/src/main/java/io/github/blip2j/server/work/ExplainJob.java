package io.github.blip2j.server.work;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.inference.GradCamMaps;
import io.github.blip2j.blip2.inference.MatchingFeatures;
import io.github.blip2j.server.models.ServedModel;
import io.github.blip2j.vision.image.Image;
import java.io.IOException;
import java.util.List;

/** Where in an image a text is: GradCAM maps. */
public final class ExplainJob extends Job<ExplainJob.Explained> {
  /** Maps, and the image that they are of. */
  public record Explained(GradCamMaps maps, Image image) {}

  private final Picture picture;
  private final String text;

  /** A job. */
  public ExplainJob(String model, Picture picture, String text) {
    super(model, new Object()); // gradients are computed one by one
    this.picture = picture;
    this.text = text;
  }

  @Override
  public String label() {
    return "explain";
  }

  @Override
  protected void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench)
      throws IOException {
    ImageTextMatcher matcher = model.matcher().withCancellation(bench.token());
    Image image = picture.decode(bench.maxPixels());
    MatchingFeatures features = bench.features().matching(model, List.of(picture), bench).get(0);
    GradCamMaps maps = matcher.gradCam(image, features, text);
    result().complete(new Explained(maps, image));
  }
}
