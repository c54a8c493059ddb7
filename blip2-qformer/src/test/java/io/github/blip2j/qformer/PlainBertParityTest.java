package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.io.file.ConfigJson;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Plain BERT against transformers' {@code BertForMaskedLM} and, in the subfolder {@code decoder},
 * {@code BertLMHeadModel}, for every folder of that kind. Hidden states agree to 1e-4, attention
 * maps to 1e-5, logits to 2e-4, losses to 1e-5 of their value.
 */
final class PlainBertParityTest {
  private static final double HIDDEN = 1e-4;
  private static final double MAPS = 1e-5;
  private static final double LOGITS = 2e-4;
  private static final double LOSS = 1e-5;

  static Stream<Path> folders() {
    return Fixtures.folders("plain BERT", PlainBertParityTest::isPlainBert).stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void encoder_everyStateAndMap_equalsReference(Path folder) throws IOException {
    try (var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      BertModel bert = BertModel.load(folder, scope);
      var seen = new Comparison(golden);

      Tensor last = bert.forward(encoderInput(golden), ForwardPass.evaluation().observedBy(seen));

      golden.assertClose("encoder.last_hidden_state", last, HIDDEN);
      Set<String> expected = new TreeSet<>(golden.names());
      expected.removeIf(name -> !name.matches("encoder\\.(hidden_states|attentions)\\..*"));
      assertFalse(expected.isEmpty());
      assertEquals(expected, seen.compared);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void maskedLanguageModel_logits_equalReference(Path folder) throws IOException {
    try (var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      BertLMHeadModel model = BertLMHeadModel.load(folder, scope);

      Tensor logits = model.forward(encoderInput(golden), ForwardPass.evaluation());

      golden.assertClose("mlm.logits", logits, LOGITS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void embeddingsInsteadOfWords_equalReference(Path folder) throws IOException {
    try (var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      BertModel bert = BertModel.load(folder, scope);
      BertInput input = BertInput.ofEmbeddings(golden.get("inputs_embeds"));

      golden.assertClose(
          "encoder.from_embeds", bert.forward(input, ForwardPass.evaluation()), HIDDEN);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void decoder_logitsAndLoss_equalReference(Path folder) throws IOException {
    try (var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      BertLMHeadModel model = BertLMHeadModel.load(folder.resolve("decoder"), scope);
      Tensor ids = golden.get("input_ids");
      int[][] mask = rows(golden, "attention_mask");
      BertInput input = BertInput.ofIds(ids).withMask(mask);

      Tensor hidden = model.bert().forward(reading(input, golden), ForwardPass.evaluation());

      golden.assertClose("decoder.logits", model.logits(hidden), LOGITS);
      Tensor loss = model.loss(hidden, labels(ids, mask), TokenLoss.ofNextToken());
      double expected = ConfigJson.read(folder.resolve("expected.json")).doubleAt("decoder_loss");
      golden.assertWithin("decoder_loss", "loss", Math.abs(loss.item() / expected - 1), LOSS);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("folders")
  void decoder_logitsOverACache_equalReference(Path folder) throws IOException {
    try (var golden = Golden.open(folder);
        var off = GradMode.noGrad();
        var scope = Scope.open()) {
      BertLMHeadModel model = BertLMHeadModel.load(folder.resolve("decoder"), scope);
      Tensor ids = golden.get("input_ids");
      KeyValueCache cache = model.bert().cache(8);
      CrossAttentionKeyValues context =
          model
              .bert()
              .contextKeyValues(
                  golden.get("decoder.encoder_hidden_states"),
                  rows(golden, "decoder.encoder_attention_mask"));

      model.forward(
          part(ids, 0, 5).withContext(context).withCache(cache), ForwardPass.evaluation());
      Tensor next =
          model.forward(
              part(ids, 5, 3).withContext(context).withCache(cache), ForwardPass.evaluation());

      golden.assertClose("decoder.cached_logits_5_8", next, LOGITS);
    }
  }

  private static BertInput encoderInput(Golden golden) {
    return BertInput.ofIds(golden.get("input_ids"))
        .withMask(rows(golden, "attention_mask"))
        .withTokenTypes(golden.get("token_type_ids"));
  }

  private static BertInput reading(BertInput input, Golden golden) {
    return input.withContext(
        golden.get("decoder.encoder_hidden_states"),
        rows(golden, "decoder.encoder_attention_mask"));
  }

  private static BertInput part(Tensor ids, int start, int length) {
    return BertInput.ofIds(ids.narrow(1, start, length).copy());
  }

  private static Tensor labels(Tensor ids, int[][] mask) {
    long[] labels = ids.toLongs();
    int T = Math.toIntExact(ids.dim(1));
    for (int i = 0; i < labels.length; i++) {
      if (mask[i / T][i % T] == 0) {
        labels[i] = TokenLoss.IGNORED;
      }
    }
    return Tensor.of(labels, ids.dim(0), T);
  }

  static int[][] rows(Golden golden, String name) {
    Tensor mask = golden.get(name);
    int[][] rows = new int[Math.toIntExact(mask.dim(0))][];
    for (int b = 0; b < rows.length; b++) {
      rows[b] = Arrays.stream(mask.select(0, b).toLongs()).mapToInt(Math::toIntExact).toArray();
    }
    return rows;
  }

  private static boolean isPlainBert(Path folder) {
    try {
      ConfigJson json = ConfigJson.read(folder.resolve("expected.json"));
      return json.stringAt("kind", "").equals("bert");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Compares what it sees with the reference as it comes. */
  private static final class Comparison implements ForwardPass.Observer {
    private final Golden golden;
    private final Set<String> compared = new TreeSet<>();

    Comparison(Golden golden) {
      this.golden = golden;
    }

    @Override
    public boolean wantsAttention() {
      return true;
    }

    @Override
    public void hiddenState(String path, int index, Tensor x) {
      compare("encoder.hidden_states." + index, x, HIDDEN);
    }

    @Override
    public void attention(String path, Tensor weights) {
      compare("encoder.attentions." + path.replaceAll("\\D+", ""), weights, MAPS);
    }

    private void compare(String name, Tensor x, double tolerance) {
      golden.assertClose(name, x, tolerance);
      compared.add(name);
    }
  }
}
