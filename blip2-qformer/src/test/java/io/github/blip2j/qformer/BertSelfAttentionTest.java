package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.blip2j.golden.ConfigText;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Mask;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which of the two dropouts thins what, seen where one of them leaves nothing. */
final class BertSelfAttentionTest {
  private static final double ALL = 1 - 1e-12; // of a thousand elements none stays
  private static final double FLOAT32 = 2e-6;

  private Scope scope;
  private Params params;
  private Tensor x;
  private Tensor context;

  @BeforeEach
  void open() {
    scope = Scope.open();
    params = NoisyWeights.params(scope, 3);
    x = NoisyWeights.tensor(new Random(1), 2, 4, TinyBert.DIM);
    context = NoisyWeights.tensor(new Random(2), 2, 7, TinyBert.DIM);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  @Test
  void training_withoutDropout_isEvaluation() {
    BertSelfAttention attention = attention(0, 0);

    assertArrayEquals(
        attention.forward(x, context, Mask.none(), ForwardPass.evaluation()).toFloats(),
        trained(attention));
  }

  @Test
  void training_allHiddenDropped_leavesTheInput() {
    float[] y = trained(attention(ALL, 0));

    Golden.assertClose("y", x.toFloats(), y, FLOAT32);
  }

  @Test
  void training_allAttentionDropped_leavesTheOutputBias() {
    float[] y = trained(attention(0, ALL));

    Golden.assertClose("y", x.add(parameter("output.bias")).toFloats(), y, FLOAT32);
    assertFalse(Arrays.equals(x.toFloats(), y), "the bias expected to show");
  }

  private float[] trained(BertSelfAttention attention) {
    return attention
        .forward(x, context, Mask.none(), ForwardPass.training(new Random(5)))
        .toFloats();
  }

  private BertSelfAttention attention(double dropout, double attentionDropout) {
    String json =
        """
        {"hidden_size": 12, "num_attention_heads": 3, "hidden_dropout_prob": %s,
         "attention_probs_dropout_prob": %s}
        """;
    try {
      return BertSelfAttention.toSelf(
          BertConfig.fromJson(
              ConfigText.of(String.format(Locale.ROOT, json, dropout, attentionDropout)), 10),
          params);
    } catch (CheckpointException e) {
      throw new AssertionError(e);
    }
  }

  private Tensor parameter(String name) {
    return Objects.requireNonNull(params.all().get(name), name).value();
  }
}
