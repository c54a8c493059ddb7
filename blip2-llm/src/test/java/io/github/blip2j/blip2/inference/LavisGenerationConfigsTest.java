package io.github.blip2j.blip2.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.generation.BeamRules;
import io.github.blip2j.generation.EarlyStopping;
import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.llm.llama.LlamaConfig;
import io.github.blip2j.llm.opt.OptConfig;
import io.github.blip2j.llm.t5.T5Config;
import org.junit.jupiter.api.Test;

final class LavisGenerationConfigsTest {
  private static final OptConfig OPT = OptConfig.opt2b7();
  private static final GenerationConfig BEAMS =
      GenerationConfig.beams(5)
          .beamRules(BeamRules.TRANSFORMERS_4_33)
          .earlyStopping(EarlyStopping.HEURISTIC);

  @Test
  void caption_ofOpt_hasLengthThirtyWithItsDummy() {
    assertEquals(BEAMS.maxNewTokens(29).topP(0.9), LavisGenerationConfigs.caption(OPT));
  }

  @Test
  void answer_ofOpt_hasTenTokensAndNoLengthPenalty() {
    assertEquals(BEAMS.maxNewTokens(10).lengthPenalty(0), LavisGenerationConfigs.answer(OPT));
  }

  @Test
  void captionAndAnswer_ofT5_countNewTokensAndFavourShortAnswers() {
    T5Config t5 = T5Config.flanT5Xl();

    assertEquals(BEAMS.maxNewTokens(30).topP(0.9), LavisGenerationConfigs.caption(t5));
    assertEquals(BEAMS.maxNewTokens(10).lengthPenalty(-1), LavisGenerationConfigs.answer(t5));
    assertEquals(
        BEAMS.maxNewTokens(30).topP(0.9).minNewTokens(7),
        LavisGenerationConfigs.formerCaptioningTask(t5));
  }

  @Test
  void instruction_isLongAndAgainstRepetition() {
    assertEquals(
        BEAMS.maxNewTokens(256).topP(0.9).repetitionPenalty(1.5),
        LavisGenerationConfigs.instruction(T5Config.flanT5Xl()));
  }

  @Test
  void instructionAnswer_isShortAndAgainstRepetitionToo() {
    assertEquals(
        BEAMS.maxNewTokens(10).topP(0.9).repetitionPenalty(1.5).lengthPenalty(-1),
        LavisGenerationConfigs.instructionAnswer(T5Config.flanT5Xl()));
  }

  /** The numbers of {@code blip2_vicuna_instruct}, whose lengths count one begin token. */
  @Test
  void vicuna_hasLengthsWithItsDummy() {
    LlamaConfig vicuna = LlamaConfig.vicuna7b();

    assertEquals(
        BEAMS.maxNewTokens(255).topP(0.9).repetitionPenalty(1.5),
        LavisGenerationConfigs.instruction(vicuna));
    assertEquals(
        BEAMS.maxNewTokens(9).topP(0.9).repetitionPenalty(1.5).lengthPenalty(0),
        LavisGenerationConfigs.instructionAnswer(vicuna));
    assertEquals(
        BEAMS.maxNewTokens(29).topP(0.9).minNewTokens(7),
        LavisGenerationConfigs.formerCaptioningTask(vicuna));
  }

  @Test
  void captioningTask_beforeAndSince_differInTwoPenalties() {
    GenerationConfig before = BEAMS.maxNewTokens(29).topP(0.9).minNewTokens(7);

    assertEquals(before, LavisGenerationConfigs.formerCaptioningTask(OPT));
    assertEquals(
        before.repetitionPenalty(1.15).lengthPenalty(0),
        LavisGenerationConfigs.captioningTask(OPT));
  }
}
