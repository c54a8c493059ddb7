package io.github.blip2j.blip2;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.nn.Pass;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What a language model sees of the images in its prompts: the images' own soft prompts, or of
 * InstructBLIP what the queries see of each image under the words of its prompt.
 */
final class SoftPrompts {
  private static final int BATCH = ImageEncoder.BATCH;

  private final LoadedModel loaded;

  SoftPrompts(LoadedModel loaded) {
    this.loaded = loaded;
  }

  /**
   * Of images that have been looked at; in the open scope.
   *
   * @param where what they are for, as messages say it
   * @param features of one image for each prompt, or of one image for all
   * @return [B, Q, L]
   */
  Tensor about(String where, ImageFeatures features, List<String> prompts) {
    int images = features.size();
    if (prompts.isEmpty() || (images != prompts.size() && images != 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: prompts expected one for each of %d images, got %d",
              where,
              images,
              prompts.size()));
    }
    features.requireOf(where, loaded);
    InstructionReader reader = loaded.instructions();
    if (reader != null) {
      Tensor patches = features.patches();
      TextBatch read = reader.read(where, prompts);
      try (var off = GradMode.noGrad()) {
        return Scope.run(() -> under(patches, read));
      }
    }
    Tensor prompt = features.prompt(); // [B or 1, Q, L]
    return images == prompts.size()
        ? prompt
        : prompt.expand(prompts.size(), prompt.dim(1), prompt.dim(2));
  }

  /**
   * Of all images in these prompts, in order; in the open scope.
   *
   * @param where what they are for, as messages say it
   * @return [images, Q, L]
   */
  Tensor of(String where, List<Prompt> prompts) {
    List<RgbImage> images = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (Prompt prompt : prompts) {
      for (RgbImage image : prompt.images()) {
        images.add(image);
        words.add(prompt.words());
      }
    }
    InstructionReader reader = loaded.instructions();
    return reader == null
        ? new ImageEncoder(loaded).prompts(images)
        : under(DistinctImages.of(images), reader.read(where, words));
  }

  /**
   * Of image i under instruction i. Each picture is looked at once, and what was seen on the way is
   * forgotten batch by batch.
   */
  private Tensor under(DistinctImages images, TextBatch instructions) {
    List<Tensor> seen = new ArrayList<>();
    List<Integer> order = new ArrayList<>(); // of which image and instruction the rows seen are
    try (var off = GradMode.noGrad()) {
      for (int from = 0; from < images.count(); from += BATCH) {
        List<RgbImage> batch = images.from(from, BATCH);
        int[] pairs = images.placesOf(from, BATCH);
        int first = from;
        int[] rows = IntStream.of(pairs).map(pair -> images.numberAt(pair) - first).toArray();
        seen.add(Scope.run(() -> under(batch, rows, instructions.rows(pairs))));
        IntStream.of(pairs).forEach(order::add);
      }
      int[] back = IntStream.range(0, order.size()).map(order::indexOf).toArray();
      return Tensor.concat(0, seen).gather(Tensor.ids(back));
    }
  }

  /** Of picture {@code rows[i]} under instruction i, of as many as one likes. */
  private Tensor under(List<RgbImage> batch, int[] rows, TextBatch instructions) {
    Tensor patches = loaded.model().encodeImage(loaded.pixels(batch), Pass.evaluation());
    List<Tensor> seen = new ArrayList<>();
    for (int from = 0; from < rows.length; from += BATCH) {
      int[] some = IntStream.range(from, Math.min(from + BATCH, rows.length)).toArray();
      int[] images = IntStream.of(some).map(pair -> rows[pair]).toArray();
      seen.add(Scope.run(() -> under(patches.gather(Tensor.ids(images)), instructions.rows(some))));
    }
    return Tensor.concat(0, seen);
  }

  /** Of patch features [B, N, E], or [1, N, E] for all, under B instructions. */
  private Tensor under(Tensor patches, TextBatch instructions) {
    Blip2Model model = loaded.model();
    Tensor queries = model.encodeQueries(patches, instructions, Pass.evaluation());
    return model.place(model.project(queries)); // [B, Q, L]
  }
}
