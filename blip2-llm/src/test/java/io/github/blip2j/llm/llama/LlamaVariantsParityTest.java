package io.github.blip2j.llm.llama;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.Checkpoint;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.llm.SequenceScorer;
import io.github.blip2j.nn.CheckpointWeights;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyMap;
import io.github.blip2j.nn.Params;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.tensor.types.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Decoders with every option of a configuration against transformers 5.18: kinds of rotary
 * positions in both spellings, grouped heads, biases, windows. Prompts are padded on the left.
 */
final class LlamaVariantsParityTest {
  private static final double HIDDEN = 1e-4;
  private static final double LOGITS = 2e-4;

  private static final List<int[]> TEXTS =
      List.of(new int[] {7, 8, 9, 10, 11, 12}, new int[] {20, 21, 22, 23});

  static Stream<Path> folders() throws IOException {
    try (Stream<Path> all = Files.list(Fixtures.own("llama"))) {
      return all.sorted().toList().stream();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void statesAndLogits_ofPaddedPrompts_equalReference(Path folder) throws IOException {
    try (Loaded loaded = new Loaded(folder, Precision.FLOAT32);
        var off = GradMode.noGrad();
        Scope scope = Scope.open()) {
      List<Tensor> states = new ArrayList<>();
      ForwardPass pass =
          ForwardPass.evaluation()
              .observedBy(
                  new ForwardPass.Observer() {
                    @Override
                    public void hiddenState(String path, int index, Tensor x) {
                      states.add(scope.adopt(x.copy()));
                    }
                  });
      Tensor x = loaded.model.embed(loaded.golden.get("prompt.input_ids"));

      Tensor last = loaded.model.forward(x, loaded.mask, null, pass);

      states.set(states.size() - 1, last); // transformers shows the last one after the norm
      for (int i = 0; i < states.size(); i++) {
        loaded.assertCounted("hidden_states." + i, states.get(i), HIDDEN);
      }
      assertEquals(loaded.model.config().layers() + 1, states.size());
      loaded.assertCounted("forward.logits", loaded.model.logits(last), LOGITS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void tokens_greedyAndBeams_equalReference(Path folder) throws IOException {
    try (Loaded loaded = new Loaded(folder, Precision.FLOAT32);
        var off = GradMode.noGrad();
        Scope scope = Scope.open()) {
      for (JsonElement each : loaded.expected.getAsJsonArray("cases")) {
        JsonObject wanted = each.getAsJsonObject();
        int beams = wanted.getAsJsonObject("args").has("num_beams") ? 3 : 1;

        List<List<Sequence>> found = loaded.generate(beams);

        for (int b = 0; b < found.size(); b++) {
          JsonArray tokens = wanted.getAsJsonArray("tokens").get(b).getAsJsonArray();
          assertEquals(
              tokens.toString().replace(" ", ""),
              Arrays.toString(found.get(b).get(0).tokens()).replace(" ", ""),
              wanted.get("name").getAsString() + " of prompt " + b);
          if (beams > 1) {
            double score = wanted.getAsJsonArray("sequences_scores").get(b).getAsDouble();
            assertEquals(score, found.get(b).get(0).score(), 1e-4);
          }
        }
      }
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void gradient_ofTheLoss_equalsReference(Path folder) throws IOException {
    try (Loaded loaded = new Loaded(folder, Precision.FLOAT32);
        Scope scope = Scope.open()) {
      Tensor[] gradient = new Tensor[1];
      Tensor ids = loaded.golden.get("prompt.input_ids");
      Tensor x = loaded.model.embed(ids).detach().leaf(g -> gradient[0] = g);

      Tensor hidden = loaded.model.forward(x, loaded.mask, null, ForwardPass.evaluation());
      Tensor loss = TokenLoss.ofNextToken().of(hidden, loaded.labels(ids), loaded.model::logits);
      loss.backward();

      assertEquals(
          loaded.expected.get("train_loss").getAsDouble(), loss.item(), 1e-5 * loss.item());
      assertNotNull(gradient[0]);
      double largest = 0;
      for (float g : loaded.golden.get("train.grad.inputs_embeds").toFloats()) {
        largest = Math.max(largest, Math.abs(g));
      }
      loaded.golden.assertClose("train.grad.inputs_embeds", gradient[0], 1e-4 * largest);
    }
  }

  /**
   * Packed texts see what decoding sees. So they do with a sliding window, and with dynamic
   * frequencies past the longest text of training, where those of a token depend on its position.
   */
  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void scores_ofPackedTexts_equalThoseOfDecoding(Path folder) throws IOException {
    try (Loaded loaded = new Loaded(folder, Precision.FLOAT32);
        var off = GradMode.noGrad();
        Scope scope = Scope.open()) {
      Tensor x = loaded.model.embed(loaded.golden.get("prompt.input_ids"));
      SequenceScorer scorer = loaded.model.sequenceScorer(x, loaded.mask);

      List<List<float[]>> found = scorer.of(Collections.nCopies(loaded.mask.length, TEXTS));

      for (int b = 0; b < found.size(); b++) {
        for (int k = 0; k < TEXTS.size(); k++) {
          String where = b + ", " + k;
          float[] expected = loaded.decoded(b, TEXTS.get(k));
          assertArrayEquals(expected, found.get(b).get(k), 2e-4f, where);
        }
      }
    }
  }

  /** With frequencies that do not depend on a text's length, one pass over it gives the same. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void scores_ofPackedTexts_equalThoseOfWholeTexts(Path folder) throws IOException {
    try (Loaded loaded = new Loaded(folder, Precision.FLOAT32);
        var off = GradMode.noGrad();
        Scope scope = Scope.open()) {
      boolean fixed = loaded.model.config().rotary().scaling() != RotaryConfig.Scaling.DYNAMIC;
      Tensor x = loaded.model.embed(loaded.golden.get("prompt.input_ids"));
      SequenceScorer scorer = loaded.model.sequenceScorer(x, loaded.mask);

      List<List<float[]>> found = scorer.of(Collections.nCopies(loaded.mask.length, TEXTS));

      float apart = 0;
      for (int b = 0; b < found.size(); b++) {
        for (int k = 0; k < TEXTS.size(); k++) {
          float[] whole = loaded.logProbabilities(b, TEXTS.get(k));
          for (int t = 0; t < whole.length; t++) {
            apart = Math.max(apart, Math.abs(whole[t] - found.get(b).get(k)[t]));
          }
        }
      }
      // Dynamic frequencies of a whole pass are those of its last token, also in transformers.
      assertEquals(fixed, apart < 2e-4, "largest difference " + apart);
    }
  }

  /** What a row is given does not depend on the texts and prompts beside it. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void tokensAndScores_ofABatch_equalThoseOfEachPromptAndTextAlone(Path folder) throws IOException {
    try (Loaded loaded = new Loaded(folder, Precision.FLOAT32);
        var off = GradMode.noGrad();
        Scope scope = Scope.open()) {
      Tensor x = loaded.model.embed(loaded.golden.get("prompt.input_ids"));
      List<List<float[]>> together =
          loaded
              .model
              .sequenceScorer(x, loaded.mask)
              .of(Collections.nCopies(loaded.mask.length, TEXTS));
      List<List<Sequence>> generated = loaded.generate(3);

      for (int b = 0; b < loaded.mask.length; b++) {
        int prompt = b;
        Tensor own = loaded.unpadded(prompt);
        int[][] all = {IntStream.generate(() -> 1).limit(own.dim(1)).toArray()};
        for (int k = 0; k < TEXTS.size(); k++) {
          List<List<float[]>> alone =
              loaded.model.sequenceScorer(own, all).of(List.of(List.of(TEXTS.get(k))));
          assertArrayEquals(alone.get(0).get(0), together.get(b).get(k), 2e-4f, b + ", " + k);
        }
        Sequence alone = loaded.generate(3, own, all, List.of(loaded.tokens(prompt))).get(0).get(0);
        assertArrayEquals(alone.tokens(), generated.get(b).get(0).tokens(), "prompt " + b);
        assertEquals(alone.score(), generated.get(b).get(0).score(), 1e-4, "prompt " + b);
      }
    }
  }

  /** A decoder of a folder. */
  private static final class Loaded implements AutoCloseable {
    private final Scope memory = Scope.detached();
    private final Golden golden;
    private final LlamaModel model;
    private final JsonObject expected;
    private final int[][] mask;

    Loaded(Path folder, Precision precision) throws IOException {
      golden = Golden.open(folder);
      expected =
          JsonParser.parseString(Files.readString(folder.resolve("expected.json")))
              .getAsJsonObject();
      KeyMap.Builder names = KeyMap.builder();
      LlamaConfig config = LlamaConfig.fromJson(ConfigJson.read(folder.resolve("config.json")));
      config.addNames(names, "", "");
      KeyMap keys = names.build();
      try (Checkpoint checkpoint = Checkpoint.open(folder);
          Scope scope = Scope.open()) {
        Params params =
            Params.root(new CheckpointWeights(folder.toString(), checkpoint, keys), memory)
                .packed(precision);
        model = new LlamaModel(config, params);
        params.finish();
        mask = rows(golden.get("prompt.attention_mask"));
      }
    }

    List<List<Sequence>> generate(int beams) {
      Tensor x = model.embed(golden.get("prompt.input_ids"));
      return generate(
          beams, x, mask, IntStream.range(0, mask.length).mapToObj(this::tokens).toList());
    }

    List<List<Sequence>> generate(int beams, Tensor x, int[][] counts, List<int[]> histories) {
      GenerationConfig how = GenerationConfig.beams(beams).maxNewTokens(10).minNewTokens(10);
      return Generator.of(how, new int[] {2})
          .generate(model.startDecoding(x, counts, 10), histories);
    }

    /** The tokens of a prompt without its padding. */
    int[] tokens(int b) {
      int[] row = rows(golden.get("prompt.input_ids"))[b];
      return IntStream.range(0, row.length).filter(t -> mask[b][t] == 1).map(t -> row[t]).toArray();
    }

    /** The embedded prompt without its padding, [1, T, L]. */
    Tensor unpadded(int b) {
      int[] row = tokens(b);
      return model.embed(Tensor.ids(row).reshape(1, row.length));
    }

    /** Log-probabilities of a text that decoding is made to write after a prompt. */
    float[] decoded(int b, int[] text) {
      Tensor x = unpadded(b);
      int[][] all = {IntStream.generate(() -> 1).limit(x.dim(1)).toArray()};
      DecodingSession session = model.startDecoding(x, all, text.length);
      float[] logs = new float[text.length];
      float[][] logits = session.start();
      for (int t = 0; t < text.length; t++) {
        logs[t] = Tensor.of(logits[0], 1, logits[0].length).logSoftmax().toFloats()[text[t]];
        if (t + 1 < text.length) {
          logits = session.next(new int[] {0}, new int[] {text[t]});
        }
      }
      return logs;
    }

    /** The tokens that the loss counts: those whose predecessor is a token too. */
    Tensor labels(Tensor ids) {
      int T = mask[0].length;
      long[] labels = ids.toLongs();
      for (int i = 0; i < labels.length; i++) {
        boolean counts = i % T > 0 && mask[i / T][i % T - 1] == 1;
        labels[i] = counts ? labels[i] : TokenLoss.IGNORED;
      }
      return Tensor.of(labels, mask.length, T);
    }

    float[] logProbabilities(int b, int[] text) {
      int T = mask[b].length;
      long[] ids =
          Arrays.copyOf(golden.get("prompt.input_ids").select(0, b).toLongs(), T + text.length);
      int[][] keep = {Arrays.copyOf(mask[b], T + text.length)};
      for (int t = 0; t < text.length; t++) {
        ids[T + t] = text[t];
        keep[0][T + t] = 1;
      }
      Tensor x = model.embed(Tensor.of(ids, 1, T + text.length));
      Tensor hidden = model.forward(x, keep, null, ForwardPass.evaluation());
      float[] logs = new float[text.length];
      for (int t = 0; t < text.length; t++) {
        float[] row =
            model
                .logits(hidden.select(0, 0).narrow(0, T + t - 1, 1).copy())
                .logSoftmax()
                .toFloats();
        logs[t] = row[text[t]];
      }
      return logs;
    }

    void assertCounted(String name, Tensor actual, double tolerance) {
      Tensor wanted = golden.get(name);
      for (int b = 0; b < mask.length; b++) {
        for (int t = 0; t < mask[b].length; t++) {
          if (mask[b][t] == 1) {
            Golden.assertClose(
                name + "[" + b + ", " + t + "]",
                wanted.select(0, b).select(0, t).toFloats(),
                actual.select(0, b).select(0, t).toFloats(),
                tolerance);
          }
        }
      }
    }

    private static int[][] rows(Tensor ids) {
      int[][] rows = new int[Math.toIntExact(ids.dim(0))][];
      for (int b = 0; b < rows.length; b++) {
        rows[b] = Arrays.stream(ids.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
      }
      return rows;
    }

    @Override
    public void close() {
      memory.close();
      golden.close();
    }
  }
}
