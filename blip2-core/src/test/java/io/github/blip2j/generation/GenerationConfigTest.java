package io.github.blip2j.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class GenerationConfigTest {

  @Test
  void greedy_hasDefaultsOfTheReference() {
    GenerationConfig decoding = GenerationConfig.greedy();

    assertEquals(20, decoding.maxNewTokens());
    assertEquals(0, decoding.minNewTokens());
    assertEquals(1, decoding.numBeams());
    assertEquals(50, decoding.topK());
    assertEquals(1.0, decoding.topP());
    assertEquals(1.0, decoding.lengthPenalty());
    assertEquals(EarlyStopping.HEURISTIC, decoding.earlyStopping());
    assertEquals(1, decoding.numReturnSequences());
  }

  @Test
  void withers_changeOnlyTheirSetting() {
    GenerationConfig changed =
        GenerationConfig.beams(4)
            .sampling()
            .maxNewTokens(30)
            .minNewTokens(3)
            .temperature(0.7)
            .topK(7)
            .topP(0.9)
            .seed(5)
            .lengthPenalty(-1)
            .earlyStopping(EarlyStopping.NEVER)
            .repetitionPenalty(1.5)
            .noRepeatNgramSize(2)
            .numReturnSequences(3)
            .beamRules(BeamRules.TRANSFORMERS_4_33)
            .stopStrings("a", "b")
            .topLogProbabilities(4);

    assertEquals(
        "GenerationConfig[maxNewTokens=30, minNewTokens=3, numBeams=4, sampled=true, "
            + "temperature=0.7, topK=7,"
            + " topP=0.9, seed=5, lengthPenalty=-1.0, earlyStopping=NEVER, repetitionPenalty=1.5,"
            + " noRepeatNgramSize=2, numReturnSequences=3, beamRules=TRANSFORMERS_4_33,"
            + " stopStrings=[a, b], topLogProbabilities=4]",
        changed.toString());
  }

  static Stream<Arguments> contradictions() {
    return Stream.of(
        refused(d -> d.maxNewTokens(0), "maxNewTokens expected at least 1, got 0"),
        refused(d -> d.minNewTokens(-1), "minNewTokens expected at least 0, got -1"),
        refused(
            d -> d.minNewTokens(21),
            "minNewTokens expected at most maxNewTokens=20, got 21; raise maxNewTokens"),
        refused(d -> d.numBeams(0), "numBeams expected at least 1, got 0"),
        refused(d -> d.numBeams(2_000_000_000), "numBeams expected at most 1000, got 2000000000"),
        refused(d -> d.numBeams(1001), "numBeams expected at most 1000, got 1001"),
        refused(
            d -> d.sampling().temperature(1e-38),
            "temperature expected 1.0E-30 to 1.0E30, got 1.0E-38"),
        refused(
            d -> d.sampling().temperature(1e300),
            "temperature expected 1.0E-30 to 1.0E30, got 1.0E300"),
        refused(
            d -> d.sampling().numReturnSequences(2_000_000_000),
            "numReturnSequences expected at most 100000, got 2000000000"),
        refused(d -> d.topK(-2), "topK expected at least 0, got -2"),
        refused(d -> d.noRepeatNgramSize(-1), "noRepeatNgramSize expected at least 0, got -1"),
        refused(d -> d.numReturnSequences(0), "numReturnSequences expected at least 1, got 0"),
        refused(d -> d.temperature(0), "temperature expected a finite number above 0, got 0.0"),
        refused(
            d -> d.temperature(Double.NaN),
            "temperature expected a finite number above 0, got NaN"),
        refused(
            d -> d.temperature(Double.POSITIVE_INFINITY),
            "temperature expected a finite number above 0, got Infinity"),
        refused(
            d -> d.repetitionPenalty(-1),
            "repetitionPenalty expected a finite number above 0, got -1.0"),
        refused(d -> d.topP(0), "topP expected within (0, 1], got 0.0"),
        refused(d -> d.topP(1.5), "topP expected within (0, 1], got 1.5"),
        refused(d -> d.topP(Double.NaN), "topP expected within (0, 1], got NaN"),
        refused(
            d -> d.lengthPenalty(Double.NaN), "lengthPenalty expected a finite number, got NaN"),
        refused(
            d -> d.numBeams(2).numReturnSequences(3),
            "numReturnSequences expected at most numBeams=2, got 3; use more beams"),
        refused(
            d -> d.sampling().numBeams(2).numReturnSequences(3),
            "numReturnSequences expected at most numBeams=2, got 3; use more beams"),
        refused(
            d -> d.numReturnSequences(3),
            "numReturnSequences expected 1 without sampling at numBeams=1, got 3; sample or use "
                + "more beams"));
  }

  private static Arguments refused(UnaryOperator<GenerationConfig> change, String message) {
    return Arguments.of(change, "decoding: " + message);
  }

  @ParameterizedTest
  @MethodSource("contradictions")
  void wither_contradiction_namesBothValues(
      UnaryOperator<GenerationConfig> change, String message) {
    var error =
        assertThrows(IllegalArgumentException.class, () -> change.apply(GenerationConfig.greedy()));

    assertEquals(message, error.getMessage());
  }
}
