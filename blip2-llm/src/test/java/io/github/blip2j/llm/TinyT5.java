package io.github.blip2j.llm;

import io.github.blip2j.llm.t5.T5Config;
import io.github.blip2j.llm.t5.T5Model;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.Weights;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Activation;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** A T5 whose sizes all differ, on random weights. */
public final class TinyT5 {
  public static final int VOCAB = 29;

  private TinyT5() {}

  public static T5Config config(boolean gated, boolean tied) {
    return new T5Config(
        12,
        3,
        5,
        20,
        2,
        3,
        VOCAB,
        8,
        20,
        1e-6,
        0.1,
        gated,
        gated ? Activation.GELU : Activation.RELU,
        tied,
        tied,
        1,
        0,
        List.of(1),
        0);
  }

  public static T5Model model(T5Config config, Scope memory) {
    return new T5Model(config, Params.root(Weights.random(new Random(7)), memory).at("t5"));
  }

  public static Tensor embed(T5Model model, int[][] rows) {
    long[] ids = Arrays.stream(rows).flatMapToInt(Arrays::stream).asLongStream().toArray();
    return model.embed(Tensor.of(ids, rows.length, rows[0].length));
  }

  public static int[][] ones(int rows, int columns) {
    int[][] mask = new int[rows][columns];
    Arrays.stream(mask).forEach(row -> Arrays.fill(row, 1));
    return mask;
  }
}
