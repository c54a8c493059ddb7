package io.github.blip2j.server.work;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.server.models.ServedModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Embeddings of texts and images, one unit vector each. */
public final class EmbedJob extends Job<EmbedJob.Embedded> {
  /**
   * What inputs are embedded as.
   *
   * @param vectors one for each
   * @param tokens that the model read: of a text with its start and end, of an image its queries
   */
  public record Embedded(List<List<Float>> vectors, int tokens) {}

  /** A text, or an image. */
  public sealed interface Input permits Text, Seen {}

  /** A text. */
  public record Text(String text) implements Input {}

  /** An image. */
  public record Seen(Picture picture) implements Input {}

  private final List<Input> inputs;

  /** A job. */
  public EmbedJob(String model, List<Input> inputs) {
    super(model, new Object());
    this.inputs = List.copyOf(inputs);
  }

  @Override
  public String label() {
    return "embed";
  }

  @Override
  protected int weight() {
    return inputs.size();
  }

  @Override
  protected void run(ServedModel model, List<? extends Job<?>> jobs, Bench bench)
      throws IOException {
    ImageTextMatcher matcher = model.matcher().withCancellation(bench.token());
    List<List<Float>> vectors = new ArrayList<>();
    int tokens = 0;
    for (Input input : inputs) {
      float[] vector = vector(model, matcher, input, bench);
      List<Float> numbers = new ArrayList<>(vector.length);
      for (float number : vector) {
        numbers.add(number);
      }
      vectors.add(numbers);
      tokens += tokens(matcher, input);
    }
    result().complete(new Embedded(vectors, tokens));
  }

  private static int tokens(ImageTextMatcher matcher, Input input) {
    return input instanceof Text some
        ? matcher.length(some.text()).read()
        : matcher.model().config().qformer().queryTokens();
  }

  /** The unit vector of an input, [P]. */
  static float[] vector(ServedModel model, ImageTextMatcher matcher, Input input, Bench bench)
      throws IOException {
    if (input instanceof Text some) {
      return matcher.embed(some.text());
    }
    Picture picture = ((Seen) input).picture();
    float[] vector =
        matcher.embedPooled(bench.features().matching(model, List.of(picture), bench).get(0));
    bench.features().trim(); // or the features of all inputs are kept
    return vector;
  }
}
