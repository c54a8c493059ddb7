package io.github.blip2j.pretraining;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.nn.ForwardPass;
import io.github.blip2j.nn.Parameter;
import io.github.blip2j.tensor.InScope;
import io.github.blip2j.tensor.Scope;
import io.github.blip2j.text.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the second stage does alike with every kind of language model. */
@ExtendWith(InScope.class)
final class StageTwoKindsTest {
  /** A decoder, and an encoder with a decoder. */
  private enum Kind {
    OPT,
    T5
  }

  private final Path folder;
  private final Scope home = Scope.detached();

  StageTwoKindsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @AfterEach
  void close() {
    home.close();
  }

  @ParameterizedTest
  @EnumSource
  void backward_reachesWhatLearnsAndNothingElse(Kind kind) throws IOException {
    StageTwoModel model = model(kind);
    try (var tokenizer = model.openTokenizer()) {
      CaptionBatch batch = Speech.batch(folder, Speech.CAPTIONS.toArray(String[]::new));

      StageTwoTraining.of(model, tokenizer).losses(batch, Speech.random(1)).total().backward();
    }

    Set<String> learnt = new TreeSet<>();
    for (Parameter parameter : model.parameters().values()) {
      assertEquals(parameter.isTrained(), parameter.gradient() != null, parameter.name());
      if (parameter.isTrained()) {
        learnt.add(parameter.name().replaceFirst("\\..*", ""));
      }
    }
    assertEquals(Set.of("projection", "qformer", "queryTokens", "visionNorm"), learnt);
  }

  @ParameterizedTest
  @EnumSource
  void losses_recomputed_haveTheSameGradients(Kind kind) throws IOException {
    StageTwoModel model = model(kind);
    CaptionBatch batch = Speech.batch(folder, "a red circle", "two stars", "a ring");
    try (var tokenizer = model.openTokenizer()) {
      StageTwoTraining training = StageTwoTraining.of(model, tokenizer);
      training.losses(batch, Speech.random(3)).total().backward();
      double[] kept = Speech.queryGradient(model);
      model.parameters().values().forEach(Parameter::clearGradient);

      training.losses(batch, Speech.random(3).withGradientCheckpointing()).total().backward();

      assertArrayEquals(kept, Speech.queryGradient(model));
    }
  }

  @ParameterizedTest
  @EnumSource
  void losses_ofPaddedTexts_areThoseOfEachAlone(Kind kind) throws IOException {
    StageTwoModel model = model(kind);
    CaptionBatch both = Speech.batch(folder, "a red circle above a blue square", "a star");
    ForwardPass pass = ForwardPass.evaluation();
    try (var tokenizer = model.openTokenizer()) {
      StageTwoTraining training = StageTwoTraining.of(model, tokenizer);
      double together = training.losses(both, pass).total().item();

      double sum = 0;
      int count = 0;
      for (int row = 0; row < 2; row++) {
        var alone =
            new CaptionBatch(
                both.pixels().narrow(0, row, 1),
                both.captions().subList(row, row + 1),
                both.ids().subList(row, row + 1),
                List.of());
        int labels = training.tokens(alone, pass).get(0).labels().length;
        sum += training.losses(alone, pass).total().item() * labels;
        count += labels;
      }

      assertEquals(sum / count, together, 1e-5);
    }
  }

  @ParameterizedTest
  @EnumSource
  void of_tokenizerOfAnotherModel_isRefused(Kind kind) throws IOException {
    StageTwoModel model = model(kind);
    try (var other = HuggingFaceTokenizer.open(Scenes.MODEL)) {
      var e = assertThrows(CheckpointException.class, () -> StageTwoTraining.of(model, other));

      assertEquals(message(kind), e.getMessage());
    }
  }

  private static String message(Kind kind) {
    return switch (kind) {
      case OPT ->
          "stage2: tokenizer expected to give [2] for no words, got [2, 3]; use the language"
              + " model's";
      case T5 ->
          "tokenizer.json: largest token id expected below the model's vocabulary of 141, got 251;"
              + " use the tokenizer that came with the model";
    };
  }

  private StageTwoModel model(Kind kind) throws IOException {
    Path of =
        switch (kind) {
          case OPT -> Speech.OPT;
          case T5 -> Speech.T5;
        };
    return StageTwoModel.load(of, home, StageTwoSetup.lavis());
  }
}
