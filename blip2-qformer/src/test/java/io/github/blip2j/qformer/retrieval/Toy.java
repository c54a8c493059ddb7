package io.github.blip2j.qformer.retrieval;

import io.github.blip2j.golden.ConfigText;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.NoisyWeights;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.nn.Params;
import io.github.blip2j.qformer.BertConfig;
import io.github.blip2j.qformer.Blip2Qformer;
import io.github.blip2j.qformer.Blip2QformerConfig;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;

/** A model of random weights, images and texts, for searches that can be done by loops. */
final class Toy {
  static final int TOKENS = 7;
  static final int WIDTH = 10;
  private static final int WORDS = 17;
  private static final int LONGEST = 6;

  final Blip2Qformer model;
  final NavigableMap<String, Parameter> parameters;
  private final Random random = new Random(5);

  Toy(Scope home) {
    Params params = NoisyWeights.params(home, 11);
    model = Blip2Qformer.forRetrieval(config(), params);
    parameters = params.all();
  }

  private static Blip2QformerConfig config() {
    String json =
        """
        {"hidden_size": 12, "num_hidden_layers": 3, "num_attention_heads": 3,
         "intermediate_size": 20, "cross_attention_frequency": 2, "vocab_size": 17,
         "max_position_embeddings": 6, "use_qformer_text_input": true}
        """;
    try {
      BertConfig bert = BertConfig.fromJson(ConfigText.of(json), WIDTH);
      return new Blip2QformerConfig(bert, 4, 5, 1e-5, LONGEST);
    } catch (CheckpointException e) {
      throw new AssertionError(e);
    }
  }

  /** Images in the open scope, [count, N, E]. */
  Tensor images(int count) {
    return NoisyWeights.tensor(random, count, TOKENS, WIDTH);
  }

  /** Texts of one token and more. */
  List<int[]> texts(int count) {
    List<int[]> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add(random.ints(1 + random.nextInt(LONGEST), 1, WORDS).toArray());
    }
    return texts;
  }
}
