package io.github.blip2j.pretraining;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.blip2j.autograd.GradMode;
import io.github.blip2j.backend.AdamWRule;
import io.github.blip2j.blip2.checkpoint.RetrievalLoader;
import io.github.blip2j.blip2.model.Blip2RetrievalModel;
import io.github.blip2j.golden.Fixtures;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.optim.AdamW;
import io.github.blip2j.optim.ParameterGroup;
import io.github.blip2j.optim.Schedule;
import io.github.blip2j.qformer.TextBatch;
import io.github.blip2j.qformer.objective.Pairs;
import io.github.blip2j.qformer.objective.StageOneObjective;
import io.github.blip2j.qformer.objective.StageOneOutput;
import io.github.blip2j.qformer.objective.StageOneStates;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.tensor.Tensor;
import io.github.blip2j.text.HuggingFaceTokenizer;
import io.github.blip2j.training.Losses;
import io.github.blip2j.training.Trainer;
import io.github.blip2j.training.TrainingDivergedException;
import io.github.blip2j.training.TrainingListener;
import io.github.blip2j.training.TrainingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(InScope.class)
final class StageOneTrainingTest {
  private static final String LONG = "a red star above a orange cross ".repeat(9);

  private final Path folder;
  private final Scope home = Scope.detached();
  private final Blip2RetrievalModel model;
  private final HuggingFaceTokenizer tokenizer;
  private final StageOneTraining training;

  StageOneTrainingTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
    this.model = RetrievalLoader.load(Scenes.MODEL, home);
    this.tokenizer = HuggingFaceTokenizer.open(Scenes.MODEL);
    this.training = StageOneTraining.of(model, tokenizer);
    model.trainQformer();
  }

  @AfterEach
  void close() {
    tokenizer.close();
    home.close();
  }

  @Test
  void losses_ofABatch_areTheSumOfItsParts() throws IOException {
    Losses losses = training.losses(batch(4), ForwardPass.training(new SplittableRandom(1)));

    assertEquals(List.of("itc", "itm", "itg"), List.copyOf(losses.parts().keySet()));
    double sum = losses.parts().values().stream().mapToDouble(Tensor::item).sum();
    assertEquals(sum, losses.total().item(), 1e-5);
  }

  @Test
  void backward_reachesAllButTheTower() throws IOException {
    training.losses(batch(4), ForwardPass.training(new SplittableRandom(1))).total().backward();

    for (Parameter parameter : model.parameters().values()) {
      assertEquals(
          !parameter.name().startsWith("vision."), parameter.gradient() != null, parameter.name());
    }
  }

  @ParameterizedTest
  @CsvSource({"1,1,0", "1,0,1", "0,1,1", "1,0,0", "0,1,0", "0,0,1", "0.5,2,0.25"})
  void losses_weighted_areTheirSumAndSoAreTheGradients(double itc, double itm, double itg)
      throws IOException {
    CaptionBatch batch = batch(4);
    Map<String, Double> weights = Map.of("itc", itc, "itm", itm, "itg", itg);
    Map<String, float[]> expected = new HashMap<>();
    double total = 0;
    for (String name : weights.keySet()) { // each loss by itself
      double weight = weights.getOrDefault(name, 0.0);
      StageOneTraining alone =
          training.withWeights(
              name.equals("itc") ? 1 : 0, name.equals("itm") ? 1 : 0, name.equals("itg") ? 1 : 0);
      Losses losses = alone.losses(batch, ForwardPass.evaluation());
      total += weight * losses.total().item();
      assertEquals(Set.of(name), losses.parts().keySet());
      gradients(losses).forEach((parameter, g) -> add(expected, parameter, g, weight));
    }

    Losses losses = training.withWeights(itc, itm, itg).losses(batch, ForwardPass.evaluation());

    Set<String> kept = new HashSet<>(weights.keySet());
    kept.removeIf(name -> weights.getOrDefault(name, 0.0) == 0);
    assertEquals(kept, losses.parts().keySet());
    assertEquals(total, losses.total().item(), 1e-5);
    Map<String, float[]> gradients = gradients(losses);
    for (Parameter parameter : model.parameters().values()) {
      float[] wanted = expected.get(parameter.name());
      float[] got = gradients.get(parameter.name());
      if (got == null) { // by a loss of weight 0 alone, if at all
        assertTrue(wanted == null || isZero(wanted), parameter.name());
      } else {
        assertArrayEquals(requireNonNull(wanted), got, 2e-5f, parameter.name());
      }
    }
    assertEquals(itg > 0, gradients.containsKey("head.bias"));
    assertEquals(itc > 0, gradients.containsKey("temperature"));
    assertEquals(itm > 0, gradients.containsKey("matching.weight"));
  }

  private Map<String, float[]> gradients(Losses losses) {
    losses.total().backward();
    Map<String, float[]> gradients = new HashMap<>();
    for (Parameter parameter : model.parameters().values()) {
      Tensor gradient = parameter.gradient();
      if (gradient != null) {
        gradients.put(parameter.name(), gradient.toFloats());
      }
      parameter.clearGradient();
    }
    return gradients;
  }

  private static void add(Map<String, float[]> sums, String name, float[] values, double weight) {
    float[] sum = sums.computeIfAbsent(name, key -> new float[values.length]);
    for (int i = 0; i < sum.length; i++) {
      sum[i] += (float) weight * values[i];
    }
  }

  private static boolean isZero(float[] values) {
    for (float value : values) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  @Test
  void output_ofALossWithoutWeight_isAnError() throws IOException {
    StageOneOutput output =
        training.withWeights(1, 0, 0).forward(batch(4), ForwardPass.evaluation()).output();

    var matching = assertThrows(IllegalStateException.class, output::matching);
    var decoded = assertThrows(IllegalStateException.class, output.states()::decoded);

    assertEquals(
        "stage1: itm expected to be computed, got a weight of 0; give the loss a weight",
        matching.getMessage());
    assertEquals(
        "stage1: decoded texts for itg expected to be computed, got a weight of 0; give the loss a"
            + " weight",
        decoded.getMessage());
  }

  @ParameterizedTest
  @CsvSource({"0,0,0", "-1,1,1", "NaN,1,1", "1,Infinity,1"})
  void withWeights_thatTeachNothing_isRefused(double itc, double itm, double itg) {
    var refused =
        assertThrows(IllegalArgumentException.class, () -> training.withWeights(itc, itm, itg));

    assertEquals(
        String.format(
            Locale.ROOT,
            "stage1: weights of losses expected at least 0, finite and not all 0, got itc=%s, itm=%s,"
                + " itg=%s",
            itc,
            itm,
            itg),
        refused.getMessage());
  }

  @Test
  void backward_recomputed_givesTheSame() throws IOException {
    CaptionBatch batch = batch(4);
    var pass = ForwardPass.training(new SplittableRandom(1));
    var cheap = ForwardPass.training(new SplittableRandom(1)).withGradientCheckpointing();

    Losses first = training.losses(batch, pass);
    Map<String, float[]> kept = gradients(first);
    Losses second = training.losses(batch, cheap);
    Map<String, float[]> recomputed = gradients(second);

    assertEquals(first.total().item(), second.total().item());
    assertEquals(kept.keySet(), recomputed.keySet());
    kept.forEach( // summed up in another order
        (name, g) -> assertArrayEquals(g, requireNonNull(recomputed.get(name)), 1e-5f, name));
  }

  @Test
  void trainVision_reachesTheTowerToo() throws IOException {
    model.trainVision();

    Map<String, float[]> gradients =
        gradients(training.losses(batch(4), ForwardPass.training(new SplittableRandom(1))));

    for (String name : model.parameters().keySet()) {
      if (name.startsWith("vision.")) {
        assertTrue(gradients.containsKey(name), name);
      }
    }
  }

  @Test
  void forward_handsOutWhatTheModelGives() throws IOException {
    CaptionBatch batch = batch(4);
    try (var off = GradMode.noGrad()) {
      ForwardPass evaluation = ForwardPass.evaluation();
      StageOnePass pass = training.forward(batch, evaluation);

      assertEqual(model.encodeImage(batch.pixels(), evaluation), pass.image());
      assertArrayEquals(tokenizer.encode(batch.captions().get(2)), pass.texts().text(2));
      var images = model.qformer().imageKeyValues(pass.image());
      StageOneStates states = pass.output().states();
      assertEqual(model.qformer().encodeQueries(images, evaluation), states.queries());
      assertEqual(
          model.qformer().encodeQueries(states.imageKeyValues(), evaluation), states.queries());
      assertEqual(
          model.qformer().imageFeatures(states.queries()), pass.output().features().images());
      assertEqual(
          model.qformer().textFeature(states.textStarts()), pass.output().features().texts());
      assertEquals(
          List.of(4L, (long) pass.texts().length()),
          List.of(states.decoded().dim(0), states.decoded().dim(1)));
      double sum = pass.losses().parts().values().stream().mapToDouble(Tensor::item).sum();
      assertEquals(sum, pass.losses().total().item(), 1e-5);
    }
  }

  private static void assertEqual(Tensor expected, Tensor actual) {
    assertEquals(expected.shape(), actual.shape());
    assertArrayEquals(expected.toFloats(), actual.toFloats(), 1e-6f);
  }

  @Test
  void losses_sameStepTwice_drawTheSame() throws IOException {
    CaptionBatch batch = batch(4);

    double first =
        training.losses(batch, ForwardPass.training(new SplittableRandom(5))).total().item();
    double second =
        training.losses(batch, ForwardPass.training(new SplittableRandom(5))).total().item();
    double other =
        training.losses(batch, ForwardPass.training(new SplittableRandom(6))).total().item();

    assertEquals(first, second);
    assertTrue(first != other, "another source expected to drop out others");
  }

  @Test
  void losses_paddedToTheLimit_areTheSame() throws IOException {
    CaptionBatch batch = batch(4);
    List<int[]> ids = batch.captions().stream().map(tokenizer::encode).toList();
    TextBatch padded = TextBatch.of(ids, 0, model.config().qformer().maxTextTokens());

    assertTrue(training.texts(batch.captions()).length() < padded.length());
    try (var off = GradMode.noGrad()) {
      Losses ours = training.losses(batch, ForwardPass.evaluation());
      StageOneOutput theirs =
          StageOneObjective.lavis(model.qformer())
              .forward(
                  model.encodeImage(batch.pixels(), ForwardPass.evaluation()),
                  padded,
                  Pairs.of(4),
                  ForwardPass.evaluation(),
                  new SplittableRandom(0));
      assertEquals(theirs.total().item(), ours.total().item(), 1e-5);
    }
  }

  @Test
  void texts_emptyShortAndLongCaptions_keepTheirEnds() {
    TextBatch texts = training.texts(List.of("", "star", LONG));

    int limit = model.config().qformer().maxTextTokens();
    assertEquals(limit, texts.length());
    assertArrayEquals(
        new int[] {2, 3, limit},
        Stream.of(texts.mask()).mapToInt(row -> IntStream.of(row).sum()).toArray());
    assertEquals(3, texts.ids().select(0, 2).toDoubles()[limit - 1]); // [SEP]
  }

  @Test
  void losses_awkwardBatches_areFiniteWithFiniteGradients() throws IOException {
    assertLearns(batch(4, List.of("", "star", LONG, LONG), List.of()));
    assertLearns(batch(4, List.of("star", "star", "star", "star"), List.of()));
    assertLearns(batch(4, List.of("", "", "", ""), List.of("7", "7", "7", "7")));
    assertLearns(batch(4, Scenes.CAPTIONS.subList(0, 4), List.of("7", "7", "8", "9")));
    assertLearns(batch(1, List.of("a star"), List.of()));
    assertLearns(batch(1, List.of(""), List.of("7")));
  }

  @Test
  void start_weightThatIsNoNumber_stopsWithStepPairsAndNorms() throws IOException {
    Parameter matching = Objects.requireNonNull(model.parameters().get("matching.bias"));
    try (var off = GradMode.noGrad()) {
      matching.value().copyInPlace(Tensor.of(new float[] {Float.NaN, 0}, 2));
    }
    var settings = TrainingSettings.of(folder, Schedule.Constant.of(1e-3));

    try (var optimizer =
        new AdamW(ParameterGroup.of(model.parameters().values(), 0.05), AdamWRule.DEFAULT)) {
      var trainer = new Trainer<>(training, Scenes.batches(folder, 2, 42), optimizer, settings);
      var e =
          assertThrows(TrainingDivergedException.class, () -> trainer.start(TrainingListener.NONE));

      String message = String.valueOf(e.getMessage());
      assertTrue(
          message.matches(
              "step 1: losses expected finite, got loss=NaN, loss_itc=\\S+, loss_itm=NaN,"
                  + " loss_itg=\\S+ for samples \\d.png, \\d.png; largest norms of weights:"
                  + " matching.bias NaN, .*; look at these samples, or resume with a lower rate"),
          message);
    }
  }

  @Test
  void of_modelForRetrieval_isRefused() throws IOException {
    Blip2RetrievalModel retrieval = RetrievalLoader.load(Fixtures.own("hf-itm"), home);

    var e =
        assertThrows(IllegalStateException.class, () -> StageOneTraining.of(retrieval, tokenizer));

    assertEquals(
        "Blip2Qformer: captioning head expected, got a model for retrieval only; load a LAVIS"
            + " checkpoint",
        e.getMessage());
  }

  private void assertLearns(CaptionBatch batch) {
    Losses losses = training.losses(batch, ForwardPass.training(new SplittableRandom(1)));
    losses.total().backward();
    assertTrue(Double.isFinite(losses.total().item()), () -> losses.parts().toString());
    for (Parameter parameter : model.parameters().values()) {
      Tensor gradient = parameter.gradient();
      assertFalse(gradient != null && !Double.isFinite(gradient.squaredNorm()), parameter.name());
      parameter.clearGradient();
    }
  }

  private CaptionBatch batch(int size) throws IOException {
    return batch(size, Scenes.CAPTIONS.subList(0, size), List.of());
  }

  private CaptionBatch batch(int size, List<String> captions, List<String> imageIds)
      throws IOException {
    try (Stream<CaptionBatch> stream = Scenes.batches(folder, size, 42).open(0, 0)) {
      CaptionBatch drawn = stream.iterator().next();
      return new CaptionBatch(drawn.pixels(), captions, drawn.ids(), imageIds);
    }
  }
}
