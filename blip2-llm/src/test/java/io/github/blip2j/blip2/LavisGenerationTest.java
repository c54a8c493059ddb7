package io.github.blip2j.blip2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.generation.BeamRules;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.EarlyStopping;
import io.github.blip2j.llm.OptConfig;
import io.github.blip2j.llm.T5Config;
import org.junit.jupiter.api.Test;

final class LavisGenerationTest {
  private static final OptConfig OPT = OptConfig.opt2b7();
  private static final Decoding BEAMS =
      Decoding.beams(5)
          .beamRules(BeamRules.TRANSFORMERS_4_33)
          .earlyStopping(EarlyStopping.HEURISTIC);

  @Test
  void caption_ofOpt_hasLengthThirtyWithItsDummy() {
    assertEquals(BEAMS.maxNewTokens(29).topP(0.9), LavisGeneration.caption(OPT));
  }

  @Test
  void answer_ofOpt_hasTenTokensAndNoLengthPenalty() {
    assertEquals(BEAMS.maxNewTokens(10).lengthPenalty(0), LavisGeneration.answer(OPT));
  }

  @Test
  void captionAndAnswer_ofT5_countNewTokensAndFavourShortAnswers() {
    T5Config t5 = T5Config.flanT5Xl();

    assertEquals(BEAMS.maxNewTokens(30).topP(0.9), LavisGeneration.caption(t5));
    assertEquals(BEAMS.maxNewTokens(10).lengthPenalty(-1), LavisGeneration.answer(t5));
    assertEquals(
        BEAMS.maxNewTokens(30).topP(0.9).minNewTokens(7), LavisGeneration.formerCaptioningTask(t5));
  }

  @Test
  void instruction_isLongAndAgainstRepetition() {
    assertEquals(
        BEAMS.maxNewTokens(256).topP(0.9).repetitionPenalty(1.5), LavisGeneration.instruction());
  }

  @Test
  void instructedAnswer_isShortAndAgainstRepetitionToo() {
    assertEquals(
        BEAMS.maxNewTokens(10).topP(0.9).lengthPenalty(-1).repetitionPenalty(1.5),
        LavisGeneration.instructedAnswer());
  }

  @Test
  void captioningTask_beforeAndSince_differInTwoPenalties() {
    Decoding before = BEAMS.maxNewTokens(29).topP(0.9).minNewTokens(7);

    assertEquals(before, LavisGeneration.formerCaptioningTask(OPT));
    assertEquals(
        before.repetitionPenalty(1.15).lengthPenalty(0), LavisGeneration.captioningTask(OPT));
  }
}
