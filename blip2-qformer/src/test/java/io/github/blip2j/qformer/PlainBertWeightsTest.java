package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.Init;
import io.github.blip2j.nn.Params;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A Q-Former that starts as the plain BERT of {@code golden/hf-bert}. */
@ExtendWith(InScope.class)
final class PlainBertWeightsTest {
  private static final Path FOLDER = Fixtures.own("hf-bert");
  private static final int WORDS = 252;
  private static final int ENCODER_DIM = 20;

  @Test
  void text_isTheBertsOwn(Scope scope) throws IOException {
    Params plain = plain(scope);
    Params grown = grown(scope, config().withVocabSize(WORDS + 1));

    for (String name :
        new String[] {
          "bert.embeddings.positions.weight",
          "bert.embeddings.norm.bias",
          "bert.layers.1.attention.key.weight",
          "bert.layers.2.textMlp.up.weight",
          "head.transform.weight",
          "head.norm.weight"
        }) {
      assertArrayEquals(values(plain, name), values(grown, "qformer." + name), name);
    }
  }

  @Test
  void queryFeedForwards_areCopiesOfTheTexts(Scope scope) throws IOException {
    Params plain = plain(scope);
    Params grown = grown(scope, config());

    for (String part : new String[] {"up.weight", "up.bias", "down.weight", "norm.weight"}) {
      assertArrayEquals(
          values(plain, "bert.layers.1.textMlp." + part),
          values(grown, "qformer.bert.layers.1.queryMlp." + part),
          part);
    }
  }

  @Test
  void vocabulary_growsByDrawnRowsAndAZeroBias(Scope scope) throws IOException {
    int dim = config().dim();
    float[] before = values(plain(scope), "bert.embeddings.words.weight");
    Params grown = grown(scope, config().withVocabSize(WORDS + 2));

    float[] words = values(grown, "qformer.bert.embeddings.words.weight");
    float[] bias = values(grown, "qformer.head.bias");

    for (int i = 0; i < before.length; i++) {
      assertEquals(before[i], words[i]);
    }
    assertDrawn(words, WORDS * dim, (WORDS + 2) * dim);
    assertEquals(WORDS + 2, bias.length);
    assertEquals(0, bias[WORDS]);
    assertEquals(0, bias[WORDS + 1]);
  }

  @Test
  void imageAttention_isDrawnWithZeroBiases(Scope scope) throws IOException {
    Params grown = grown(scope, config());

    String path = "qformer.bert.layers.0.imageAttention.";
    float[] keys = values(grown, path + "key.weight");
    assertEquals(config().dim() * ENCODER_DIM, keys.length);
    assertDrawn(keys, 0, keys.length);
    assertArrayEquals(new float[config().dim()], values(grown, path + "key.bias"));
    float[] ones = values(grown, path + "norm.weight");
    assertEquals(1, ones[0]);
  }

  @Test
  void whatNoBertHas_isDrawn(Scope scope) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(FOLDER)) {
      Params params = Params.root(weights(checkpoint), scope);

      Tensor queries = params.get("queryTokens", Shape.of(1, 4, 6), Init.normal()).value();

      assertDrawn(queries.toFloats(), 0, 24);
    }
  }

  @Test
  void otherSizes_areReported(Scope scope) throws IOException {
    BertConfig smaller = config().withVocabSize(WORDS - 1);
    try (Checkpoint checkpoint = Checkpoint.open(FOLDER)) {
      Params params = Params.root(weights(checkpoint), scope);
      var model = new BertLMHeadModel(smaller, params.at("qformer"));
      assertEquals(WORDS - 1, model.bert().config().vocabSize());

      var e = assertThrows(CheckpointException.class, params::finish);

      assertEquals(
          FOLDER
              + ": tensors expected to fit the configuration, got 2 of another shape or type"
              + " (qformer.bert.embeddings.words.weight: checkpoint tensor expected [251, 36], got"
              + " [252, 36], qformer.head.bias: checkpoint tensor expected [251], got [252])",
          e.getMessage());
    }
  }

  private static BertConfig config() throws IOException {
    ConfigJson json = ConfigJson.read(FOLDER.resolve("config.json"));
    return BertConfig.fromPlainJson(json).asQFormer(ENCODER_DIM, 2);
  }

  private static Params grown(Scope scope, BertConfig config) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(FOLDER)) {
      Params params = Params.root(weights(checkpoint), scope);
      var model = new BertLMHeadModel(config, params.at("qformer"));
      params.finish();
      assertEquals("qformer", model.path());
      return params;
    }
  }

  private static Params plain(Scope scope) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(FOLDER)) {
      var keys = BertNames.withHead(checkpoint.tensors().keySet());
      Params params = Params.root(new CheckpointWeights("plain", checkpoint, keys), scope);
      BertConfig config = BertConfig.fromPlainJson(ConfigJson.read(FOLDER.resolve("config.json")));
      var model = new BertLMHeadModel(config, params);
      params.finish();
      assertEquals("", model.path());
      return params;
    }
  }

  private static PlainBertWeights weights(Checkpoint checkpoint) {
    return PlainBertWeights.of(FOLDER.toString(), checkpoint, "qformer", new Random(1));
  }

  private static float[] values(Params params, String name) {
    return Objects.requireNonNull(params.all().get(name), name).value().toFloats();
  }

  /** Of N(0, 0.02): not all zero, and none beyond five deviations. */
  private static void assertDrawn(float[] values, int from, int to) {
    double squares = 0;
    for (int i = from; i < to; i++) {
      assertTrue(Math.abs(values[i]) < 0.1, "got " + values[i]);
      squares += values[i] * values[i];
    }
    double deviation = Math.sqrt(squares / (to - from));
    assertTrue(deviation > 0.01 && deviation < 0.03, "deviation of " + deviation);
  }
}
