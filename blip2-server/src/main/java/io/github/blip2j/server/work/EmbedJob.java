package io.github.blip2j.server.work;

import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.server.models.ServedModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Embeddings of texts and images, one unit vector each. */
public final class EmbedJob extends Job<List<List<Float>>> {
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
    for (Input input : inputs) {
      float[] vector = vector(model, matcher, input, bench);
      List<Float> numbers = new ArrayList<>(vector.length);
      for (float number : vector) {
        numbers.add(number);
      }
      vectors.add(numbers);
    }
    result().complete(vectors);
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
