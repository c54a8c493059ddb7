package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.KeyValueCache;
import io.github.blip2j.nn.TokenLoss;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The Q-Former's passes against LAVIS's own sources, from its image features on. Hidden states
 * agree to 1e-4, logits to 2e-4, losses to 1e-5 of their value, gradients of attention maps to 1e-4
 * of the largest.
 */
@ExtendWith(InScope.class)
final class LavisQFormerParityTest {
  private static final double HIDDEN = 1e-4;
  private static final double LOGITS = 2e-4;
  private static final Path FOLDER = Fixtures.own("lavis-qformer");
  private static final int PADDING = 0;
  private static final int START = 252; // [DEC], the word that the vocabulary was grown by

  private Golden golden;
  private LavisQFormer qformer;
  private BertModel bert;
  private Tensor image;

  @BeforeEach
  void load(Scope scope) throws IOException {
    golden = Golden.open(FOLDER);
    qformer = LavisQFormer.load(FOLDER, scope);
    bert = qformer.model.bert();
    image = golden.get("image_embeds");
  }

  @AfterEach
  void close() {
    golden.close();
  }

  @Test
  void queries_outputAndCache_equalReference() {
    KeyValueCache cache = bert.cache(qformer.queryCount());

    golden.assertClose("query_output", queries(cache), HIDDEN);
    for (int layer = 0; layer < bert.config().layers(); layer++) {
      Tensor keys = cache.layer(layer).keys().transpose(1, 2); // theirs are [B, H, S, D]
      Tensor values = cache.layer(layer).values().transpose(1, 2);
      golden.assertClose("query_past." + layer + ".key", keys, HIDDEN);
      golden.assertClose("query_past." + layer + ".value", values, HIDDEN);
    }
  }

  @Test
  void text_alone_equalsReference() {
    Tensor text = bert.encodeText(golden.get("text.input_ids"), mask(), ForwardPass.evaluation());

    golden.assertClose("text_output", text, HIDDEN);
  }

  @Test
  void joint_statesAndMatchLogits_equalReference() {
    QueriesAndText seen = joint(ForwardPass.evaluation());

    golden.assertClose("multimodal_output", seen.joined(), HIDDEN);
    golden.assertClose("itm_logits", matchLogits(seen), LOGITS);
  }

  @Test
  void captions_logitsAndLossOfEach_equalReference() {
    Tensor ids = decoderIds();
    KeyValueCache cache = bert.cache(qformer.queryCount() + 16);
    queries(cache);

    Tensor hidden =
        bert.decodeText(ids, mask(), cache, qformer.queryCount(), ForwardPass.evaluation());

    golden.assertClose("lm_logits", qformer.model.logits(hidden), LOGITS);
    TokenLoss how = TokenLoss.ofNextToken().withSmoothing(0.1).perSequence();
    float[] losses = qformer.model.loss(hidden, labels(ids), how).toFloats();
    float[] expected = golden.get("lm_loss_per_sample").toFloats();
    for (int i = 0; i < expected.length; i++) {
      golden.assertWithin(
          "sample " + i, "lm_loss", Math.abs(losses[i] / (double) expected[i] - 1), 1e-5);
    }
  }

  @Test
  void attentionMaps_andGradientsOfTheMatchLogit_equalReference() {
    var maps = new Maps();

    QueriesAndText seen = joint(ForwardPass.evaluation().observedBy(maps));
    matchLogits(seen).select(1, 1).sum().backward();

    assertEquals(
        new TreeSet<>(Set.of("attention.0", "attention.2", "attention_grad.0", "attention_grad.2")),
        maps.compared);
  }

  private Tensor queries(KeyValueCache cache) {
    return bert.encodeQueries(
        qformer.queries(image.dim(0)), image, cache, ForwardPass.evaluation());
  }

  private QueriesAndText joint(ForwardPass pass) {
    Tensor ids = golden.get("text.input_ids");
    return bert.encodeJoint(qformer.queries(image.dim(0)), ids, mask(), image, pass);
  }

  private Tensor matchLogits(QueriesAndText seen) {
    Tensor queries = seen.queries();
    assertNotNull(queries);
    return qformer.matchHead.forward(queries).mean(1);
  }

  private int[][] mask() {
    return PlainBertParityTest.rows(golden, "text.attention_mask");
  }

  private Tensor decoderIds() {
    Tensor ids = golden.get("text.input_ids");
    long[] values = ids.toLongs();
    for (int b = 0; b < ids.dim(0); b++) {
      values[b * Math.toIntExact(ids.dim(1))] = START;
    }
    return Tensor.of(values, ids.dim(0), ids.dim(1));
  }

  private static Tensor labels(Tensor ids) {
    long[] values = ids.toLongs();
    for (int i = 0; i < values.length; i++) {
      values[i] = values[i] == PADDING ? TokenLoss.IGNORED : values[i];
    }
    return Tensor.of(values, ids.dim(0), ids.dim(1));
  }

  /** Compares the maps of the queries' attention to the image, and their gradients. */
  private final class Maps implements ForwardPass.Observer {
    private final Set<String> compared = new TreeSet<>();

    @Override
    public boolean wantsAttention() {
      return true;
    }

    @Override
    public boolean wantsAttentionGradient() {
      return true;
    }

    @Override
    public void attention(String path, Tensor weights) {
      compare("attention.", path, weights, 1e-5);
    }

    @Override
    public void attentionGradient(String path, Tensor gradient) {
      double largest = 0;
      for (float value : gradient.toFloats()) {
        largest = Math.max(largest, Math.abs(value));
      }
      compare("attention_grad.", path, gradient, 1e-4 * largest);
    }

    private void compare(String what, String path, Tensor x, double tolerance) {
      if (path.endsWith("imageAttention")) {
        String name = what + path.replaceAll("\\D+", "");
        golden.assertClose("cam." + name, x, tolerance);
        compared.add(name);
      }
    }
  }
}
