package io.github.blip2j.llm;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.blip2j.llm.t5.T5EncoderKeyValues;
import io.github.blip2j.llm.t5.T5Model;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What flows back through a frozen T5 to the prompt that it reads. */
@ExtendWith(InScope.class)
final class T5TrainingTest {
  private static final int[][] MASK = {{1, 1, 1, 1}, {1, 1, 1, 0}};
  private static final float STEP = 1e-2f;
  private T5Model model;
  private Tensor prompt;
  private Tensor seed;

  @BeforeEach
  void build(Scope scope) {
    model = TinyT5.model(TinyT5.config(true, true), scope);
    Random random = new Random(5);
    prompt = normal(random, 2, 4, 12);
    seed = normal(random, 2, 3, 29);
  }

  /**
   * Differences in float32: their rounding is a few thousandths of a gradient whose largest element
   * is of order 1.
   */
  @Test
  void backward_toThePrompt_agreesWithFiniteDifferences() {
    float[] gradient = gradient(ForwardPass.evaluation());

    float[] values = prompt.toFloats();
    float[] expected = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      float middle = values[i];
      values[i] = middle + STEP;
      double above = loss(Tensor.of(values, 2, 4, 12), ForwardPass.evaluation()).item();
      values[i] = middle - STEP;
      expected[i] =
          (float)
              ((above - loss(Tensor.of(values, 2, 4, 12), ForwardPass.evaluation()).item())
                  / (2 * STEP));
      values[i] = middle;
    }
    assertArrayEquals(expected, gradient, 5e-3f * largest(expected));
  }

  @Test
  void backward_recomputing_givesTheSameBits() {
    float[] remembered = gradient(ForwardPass.training(new Random(11)));
    float[] recomputed = gradient(ForwardPass.training(new Random(11)).withGradientCheckpointing());

    assertArrayEquals(remembered, recomputed);
  }

  @Test
  void forward_training_dropsOutUnlessEvaluating() {
    float[] evaluated = logits(prompt, ForwardPass.evaluation()).toFloats();
    float[] trained = logits(prompt, ForwardPass.training(new Random(11))).toFloats();
    float[] frozen = logits(prompt, ForwardPass.training(new Random(11)).evaluating()).toFloats();

    assertFalse(Arrays.equals(evaluated, trained));
    assertArrayEquals(evaluated, frozen);
  }

  private float[] gradient(ForwardPass pass) {
    float[][] gradient = new float[1][];
    loss(prompt.leaf(g -> gradient[0] = g.toFloats()), pass).backward();
    return gradient[0];
  }

  private Tensor loss(Tensor x, ForwardPass pass) {
    return logits(x, pass).mul(seed).sum();
  }

  private Tensor logits(Tensor x, ForwardPass pass) {
    Tensor encoded = model.encode(x, MASK, pass);
    Tensor written = TinyT5.embed(model, new int[][] {{0, 5, 9}, {0, 3, 2}});
    T5EncoderKeyValues context = model.encoderKeyValues(encoded, MASK);
    return model.logits(model.decode(written, TinyT5.ones(2, 3), context, null, pass));
  }

  private static float largest(float[] values) {
    float largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private static Tensor normal(Random random, long... shape) {
    long size = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    float[] values = new float[Math.toIntExact(size)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, shape);
  }
}
