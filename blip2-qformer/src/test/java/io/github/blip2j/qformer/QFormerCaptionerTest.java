package io.github.blip2j.qformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.generation.DecodingSession;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.Generator;
import io.github.blip2j.generation.Sequence;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.golden.Golden;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Captions over the queries' cache against those of a model that computes everything again for
 * every token, on LAVIS's weights.
 */
@ExtendWith(InScope.class)
final class QFormerCaptionerTest {
  private static final Path FOLDER = Fixtures.own("lavis-qformer");
  private static final int END = 3;
  private static final int START = 252;
  private static final int LONGEST = 12;

  private LavisQFormer qformer;
  private BertModel bert;
  private Tensor image;
  private Tensor queries;
  private float[] reference;

  @BeforeEach
  void load(Scope scope) throws IOException {
    qformer = LavisQFormer.load(FOLDER, scope);
    bert = qformer.model.bert();
    try (Golden golden = Golden.open(FOLDER)) {
      image = golden.get("image_embeds");
      reference = golden.get("lm_logits").select(1, 0).copy().toFloats();
    }
    queries = qformer.queries(image.dim(0));
  }

  @Test
  void start_scoresTheFirstWord_asTheReferenceDoes() {
    float[][] scores = captioner().start();

    int V = captioner().vocabSize();
    assertEquals(253, V);
    for (int b = 0; b < scores.length; b++) {
      float[] expected = Arrays.copyOfRange(reference, b * V, (b + 1) * V);
      Golden.assertClose("image " + b, expected, scores[b], 2e-4);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void generate_overTheCache_isWhatRecomputingWrites(int beams) {
    GenerationConfig base = beams == 1 ? GenerationConfig.greedy() : GenerationConfig.beams(beams);
    Generator generator = Generator.of(base.maxNewTokens(LONGEST), END);
    List<int[]> prompts = Stream.generate(() -> new int[] {START}).limit(4).toList();

    List<List<Sequence>> cached = generator.generate(captioner(), prompts);
    List<List<Sequence>> recomputed = generator.generate(new Recomputing(), prompts);

    for (int i = 0; i < 4; i++) {
      assertEquals(
          Arrays.toString(recomputed.get(i).get(0).tokens()),
          Arrays.toString(cached.get(i).get(0).tokens()));
    }
  }

  private QFormerCaptioner captioner() {
    return new QFormerCaptioner(qformer.model, queries, bert.imageKeyValues(image), START, LONGEST);
  }

  /** Queries and all words so far in one call for every token, without any cache. */
  private final class Recomputing implements DecodingSession {
    private List<int[]> words = new ArrayList<>();
    private int[] images = IntStream.range(0, 4).toArray();

    @Override
    public int vocabSize() {
      return 253;
    }

    @Override
    public float[][] start() {
      for (int i = 0; i < 4; i++) {
        words.add(new int[] {START});
      }
      return scores();
    }

    @Override
    public float[][] next(int[] beamIndices, int[] tokens) {
      List<int[]> longer = new ArrayList<>();
      int[] of = new int[beamIndices.length];
      for (int row = 0; row < beamIndices.length; row++) {
        int[] before = words.get(beamIndices[row]);
        int[] after = Arrays.copyOf(before, before.length + 1);
        after[before.length] = tokens[row];
        longer.add(after);
        of[row] = images[beamIndices[row]];
      }
      words = longer;
      images = of;
      return scores();
    }

    private float[][] scores() {
      int R = words.size();
      int T = words.get(0).length;
      try (var step = Scope.open();
          var off = GradMode.noGrad()) {
        int[] flat = words.stream().flatMapToInt(Arrays::stream).toArray();
        Tensor ids = Tensor.ids(flat).reshape(R, T);
        Tensor rows = image.gather(Tensor.ids(images));
        Tensor text =
            bert.decodeJoint(
                    qformer.queries(R), ids, TextRows.ones(R, T), rows, ForwardPass.evaluation())
                .text();
        assertNotNull(text);
        Tensor logits = qformer.model.logits(text.select(1, T - 1).copy());
        float[][] scores = new float[R][];
        for (int row = 0; row < R; row++) {
          scores[row] = logits.select(0, row).toFloats();
        }
        return scores;
      }
    }
  }
}
