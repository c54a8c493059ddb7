package io.github.blip2j.blip2.inference;

import io.github.blip2j.blip2.model.Blip2Model;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.vision.image.Image;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * The first step of a generation: images to soft prompts of the language model. Calls run while the
 * model is held open, without gradients.
 *
 * <p>An image that occurs several times in a call is encoded once, and the vision transformer's
 * features are released batch by batch. InstructBLIP's queries attend to the text of the prompt
 * besides the image, so there each pair of image and text has a soft prompt of its own.
 *
 * <pre>{@code
 * B images, N image tokens, Q queries, E encoder width, C Q-Former width, L language width
 * }</pre>
 */
public final class ImageEncoder {
  static final int BATCH = 8; // more gains little and takes memory

  private final GenerationSession session;

  public ImageEncoder(GenerationSession session) {
    this.session = session;
  }

  /** All features of these pixels [B, 3, H, W], in memory of their own. */
  public ImageFeatures encode(Tensor pixels) {
    Blip2Model model = session.model();
    ForwardPass pass = ForwardPass.evaluation();
    try (var scope = Scope.open(session.backend())) {
      Tensor patches = Scope.run(() -> model.encodeImage(pixels, pass)); // [B, N, E]
      if (model.config().readsInstruction()) {
        return ImageFeatures.uninstructed(session, patches);
      }
      Tensor queries = Scope.run(() -> model.encodeQueries(patches, pass)); // [B, Q, C]
      return new ImageFeatures(session, patches, queries, model.project(queries));
    }
  }

  /**
   * The soft prompts of image i with text i, in the open scope.
   *
   * @param where the name of the call in messages
   * @return [B, Q, L]
   */
  Tensor imagePrompts(String where, List<Image> images, List<String> texts) {
    QFormerTokenizer instructions = session.instructions();
    DistinctImages distinct = DistinctImages.of(images);
    return instructions == null
        ? imagePrompts(distinct)
        : instructedPrompts(distinct, instructions.tokenize(where, texts));
  }

  /**
   * The soft prompts of encoded images with text i, in the open scope.
   *
   * @param where the name of the call in messages
   * @param features of one image for each text, or of one image for all
   * @return [B, Q, L]
   */
  Tensor imagePrompts(String where, ImageFeatures features, List<String> texts) {
    int images = features.size();
    if (texts.isEmpty() || (images != texts.size() && images != 1)) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: prompts expected one for each of %d images, got %d",
              where,
              images,
              texts.size()));
    }
    features.requireOf(where, session);
    QFormerTokenizer instructions = session.instructions();
    if (instructions != null) {
      Tensor patches = features.patches();
      TextBatch batch = instructions.tokenize(where, texts);
      return Scope.run(() -> instructedPrompt(patches, batch));
    }
    Tensor prompt = features.prompt(); // [B or 1, Q, L]
    return images == texts.size()
        ? prompt
        : prompt.expand(texts.size(), prompt.dim(1), prompt.dim(2));
  }

  private Tensor imagePrompts(DistinctImages images) {
    Blip2Model model = session.model();
    List<Tensor> prompts = new ArrayList<>();
    for (int from = 0; from < images.count(); from += BATCH) {
      try (var batch = Scope.open()) {
        Tensor pixels = session.pixels(images.from(from, BATCH)); // [b, 3, H, W]
        prompts.add(batch.keep(model.imagePrompt(pixels, ForwardPass.evaluation()))); // [b, Q, L]
      }
    }
    Tensor all = Tensor.concat(0, prompts); // [distinct images, Q, L]
    return images.isOnceEach() ? all : all.gather(Tensor.ids(images.numbers()));
  }

  private Tensor instructedPrompts(DistinctImages images, TextBatch instructions) {
    List<Tensor> prompts = new ArrayList<>();
    List<Integer> order = new ArrayList<>(); // the pair of image and instruction of each row
    for (int from = 0; from < images.count(); from += BATCH) {
      List<Image> batch = images.from(from, BATCH);
      int[] pairs = images.placesOf(from, BATCH);
      int first = from;
      int[] rows = IntStream.of(pairs).map(pair -> images.numberAt(pair) - first).toArray();
      prompts.add(Scope.run(() -> instructedBatch(batch, rows, instructions.rows(pairs))));
      IntStream.of(pairs).forEach(order::add);
    }
    int[] back = IntStream.range(0, order.size()).map(order::indexOf).toArray();
    return Tensor.concat(0, prompts).gather(Tensor.ids(back));
  }

  /**
   * The soft prompts of image {@code rows[i]} with instruction i, for any number of instructions.
   */
  private Tensor instructedBatch(List<Image> batch, int[] rows, TextBatch instructions) {
    Tensor patches = session.model().encodeImage(session.pixels(batch), ForwardPass.evaluation());
    List<Tensor> prompts = new ArrayList<>();
    for (int from = 0; from < rows.length; from += BATCH) {
      int[] some = IntStream.range(from, Math.min(from + BATCH, rows.length)).toArray();
      int[] images = IntStream.of(some).map(pair -> rows[pair]).toArray();
      prompts.add(
          Scope.run(
              () -> instructedPrompt(patches.gather(Tensor.ids(images)), instructions.rows(some))));
    }
    return Tensor.concat(0, prompts);
  }

  /** The soft prompts of patch features [B, N, E], or [1, N, E] for all, with B instructions. */
  private Tensor instructedPrompt(Tensor patches, TextBatch instructions) {
    Blip2Model model = session.model();
    return model.project(model.encodeQueries(patches, instructions, ForwardPass.evaluation()));
  }
}
