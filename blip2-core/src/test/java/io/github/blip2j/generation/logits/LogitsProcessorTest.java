package io.github.blip2j.generation.logits;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.blip2j.generation.GenerationConfig;
import io.github.blip2j.generation.LogitsProcessorList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class LogitsProcessorTest {
  private static final float NO = Float.NEGATIVE_INFINITY;

  private static float[] processed(LogitsProcessor processor, int[] history, float... scores) {
    float[] result = scores.clone();
    processor.process(TokenHistory.ofPrompt(0, history), result);
    return result;
  }

  @Test
  void repetitionPenalty_repeatedIds_areScaledOnce() {
    float[] scores =
        processed(new RepetitionPenalty(2), new int[] {0, 1, 0, 99, 3, 0}, 4, -3, 5, 0);

    assertArrayEquals(new float[] {2, -6, 5, 0}, scores);
  }

  @Test
  void repetitionPenalty_bannedToken_staysBanned() {
    assertArrayEquals(
        new float[] {NO, 1}, processed(new RepetitionPenalty(1.5f), new int[] {0}, NO, 1));
  }

  @Test
  void noRepeatNgram_ofTwo_bansWhatFollowedTheLastId() {
    float[] scores = processed(new NoRepeatNgram(2), new int[] {1, 2, 1, 3, 1}, 0, 0, 0, 0);

    assertArrayEquals(new float[] {0, 0, NO, NO}, scores);
  }

  @Test
  void noRepeatNgram_ofThree_needsBothIds() {
    float[] scores =
        processed(new NoRepeatNgram(3), new int[] {1, 2, 3, 0, 2, 1, 1, 2}, 0, 0, 0, 0);

    assertArrayEquals(new float[] {0, 0, 0, NO}, scores);
  }

  @Test
  void noRepeatNgram_ofOne_bansEveryId() {
    assertArrayEquals(
        new float[] {NO, 0, NO}, processed(new NoRepeatNgram(1), new int[] {2, 0}, 0, 0, 0));
  }

  @Test
  void noRepeatNgram_overlapWithItself_isBanned() {
    assertArrayEquals(new float[] {NO, 0}, processed(new NoRepeatNgram(2), new int[] {0, 0}, 0, 0));
  }

  @Test
  void noRepeatNgram_shortHistory_bansNothing() {
    assertArrayEquals(new float[] {0, 0}, processed(new NoRepeatNgram(4), new int[] {0}, 0, 0));
  }

  @Test
  void minNewTokens_countsWithoutPrompt() {
    var processor = new MinNewTokens(1, new EndTokens(0, 2));
    TokenHistory prompt = TokenHistory.ofPrompt(0, new int[] {1, 1, 1});
    float[] first = new float[3];
    float[] second = new float[3];

    processor.process(prompt, first);
    processor.process(prompt.append(1, 0), second);

    assertArrayEquals(new float[] {NO, 0, NO}, first);
    assertArrayEquals(new float[3], second);
  }

  @Test
  void temperature_divides() {
    assertArrayEquals(new float[] {2, NO}, processed(new Temperature(0.5f), new int[0], 1, NO));
  }

  @Test
  void topK_tiesWithTheLast_areKept() {
    assertArrayEquals(
        new float[] {NO, 3, 2, 2, NO}, processed(new TopK(2), new int[0], 1, 3, 2, 2, 0));
  }

  @Test
  void topK_ofAll_keepsAll() {
    assertArrayEquals(new float[] {1, 3}, processed(new TopK(5), new int[0], 1, 3));
  }

  @Test
  void topP_nucleus_reachesProbability() {
    float[] scores = logs(0.1f, 0.4f, 0.3f, 0.2f);

    assertEquals(List.of(1), kept(new TopP(0.39, 1), scores));
    assertEquals(List.of(1, 2), kept(new TopP(0.41, 1), scores));
    assertEquals(List.of(1, 2, 3), kept(new TopP(0.71, 1), scores));
    assertEquals(List.of(1, 2, 3), kept(new TopP(0.01, 3), scores));
  }

  @Test
  void topP_largeVocabularies_equalSorting() {
    var random = new Random(3);
    for (int round = 0; round < 60; round++) {
      float spread = 0.01f + 4 * random.nextFloat();
      float[] scores = new float[700];
      for (int i = 0; i < scores.length; i++) {
        scores[i] = spread * (float) random.nextGaussian();
      }
      double p = random.nextDouble();

      assertEquals(sortedNucleus(scores, p), kept(new TopP(p, 1), scores), "round " + round);
    }
  }

  private static List<Integer> sortedNucleus(float[] scores, double p) {
    Integer[] order = IntStream.range(0, scores.length).boxed().toArray(Integer[]::new);
    Arrays.sort(order, Comparator.comparing((Integer i) -> -scores[i]));
    double total = IntStream.range(0, scores.length).mapToDouble(i -> Math.exp(scores[i])).sum();
    var nucleus = new ArrayList<Integer>();
    double mass = 0;
    for (int i = 0; mass < p * total; i++) {
      nucleus.add(order[i]);
      mass += Math.exp(scores[order[i]]);
    }
    return nucleus.stream().sorted().toList();
  }

  @Test
  void chain_ordersAsTheReference() {
    var seen = new ArrayList<String>();
    GenerationConfig decoding =
        GenerationConfig.sample().minNewTokens(1).repetitionPenalty(2).temperature(0.5).topK(2);
    LogitsProcessor own = (history, scores) -> seen.add(Arrays.toString(scores));
    var chain = new LogitsProcessorList(decoding, new EndTokens(3), List.of(own));

    float[] scores = processed(chain, new int[] {0}, 4, 1, 3, 9);

    assertEquals(List.of("[2.0, 1.0, 3.0, -Infinity]"), seen);
    assertArrayEquals(new float[] {4, NO, 6, NO}, scores);
  }

  @Test
  void chain_sampledBeams_keepOneTokenBesidesTheEnds() {
    GenerationConfig decoding = GenerationConfig.beams(2).sampling().topK(1).topP(0.01);
    var chain = new LogitsProcessorList(decoding, new EndTokens(0, 1), List.of());

    assertEquals(List.of(0, 1, 3), kept(chain, logs(0.4f, 0.3f, 0.1f, 0.2f)));
  }

  private static List<Integer> kept(LogitsProcessor processor, float[] scores) {
    float[] result = processed(processor, new int[0], scores);
    return IntStream.range(0, result.length).filter(i -> result[i] != NO).boxed().toList();
  }

  private static float[] logs(float... probabilities) {
    float[] logs = probabilities.clone();
    for (int i = 0; i < logs.length; i++) {
      logs[i] = (float) Math.log(logs[i]);
    }
    return logs;
  }
}
