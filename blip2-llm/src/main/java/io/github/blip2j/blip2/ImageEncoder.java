package io.github.blip2j.blip2;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.RgbImage;
import java.util.ArrayList;
import java.util.List;

/** Looks at pictures: pixels to features. Calls run within the gate of the model. */
final class ImageEncoder {
  static final int BATCH = 8; // more gains little and takes memory

  private final LoadedModel loaded;

  ImageEncoder(LoadedModel loaded) {
    this.loaded = loaded;
  }

  /** All features of these pixels [B, 3, H, W], in memory of their own. */
  ImageFeatures encode(Tensor pixels) {
    try (var off = GradMode.noGrad();
        var scope = Scope.open()) {
      Pass pass = Pass.evaluation();
      Blip2Model model = loaded.model();
      Tensor patches = Scope.run(() -> model.encodeImage(pixels, pass));
      if (model.config().readsInstruction()) {
        return ImageFeatures.uninstructed(loaded, patches);
      }
      Tensor queries = Scope.run(() -> model.encodeQueries(patches, pass));
      return new ImageFeatures(loaded, patches, queries, model.place(model.project(queries)));
    }
  }

  /**
   * The soft prompts of these pictures in the open scope, [N, Q, L]. A picture that comes several
   * times is looked at once, and what was seen on the way is forgotten batch by batch.
   */
  Tensor prompts(List<RgbImage> images) {
    DistinctImages distinct = DistinctImages.of(images);
    try (var off = GradMode.noGrad()) {
      List<Tensor> prompts = new ArrayList<>();
      for (int from = 0; from < distinct.count(); from += BATCH) {
        List<RgbImage> batch = distinct.from(from, BATCH);
        prompts.add(
            Scope.run(() -> loaded.model().imagePrompt(loaded.pixels(batch), Pass.evaluation())));
      }
      Tensor all = Tensor.concat(0, prompts); // [D, Q, L]
      boolean once = distinct.count() == images.size();
      return once ? all : all.gather(Tensor.ids(distinct.numbers()));
    }
  }
}
