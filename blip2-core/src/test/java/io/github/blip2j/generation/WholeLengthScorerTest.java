package io.github.blip2j.generation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.blip2j.golden.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Beam search by the rules of transformers 4.33. */
final class WholeLengthScorerTest {
  @Test
  void generate_goldenCases_equalTheDescribedSearch() throws IOException {
    String json = Files.readString(Fixtures.own("generation").resolve("beams_4_33.json"));
    JsonArray cases = JsonParser.parseString(json).getAsJsonArray();
    int different = 0;
    for (JsonElement element : cases) {
      JsonObject expected = element.getAsJsonObject();

      List<Sequence> written = write(expected, BeamRules.TRANSFORMERS_4_33);

      JsonArray sequences = expected.getAsJsonArray("expected");
      String where = "seed " + expected.get("seed");
      assertEquals(sequences.size(), written.size(), where);
      for (int i = 0; i < written.size(); i++) {
        JsonObject sequence = sequences.get(i).getAsJsonObject();
        assertArrayEquals(ints(sequence, "ids"), written.get(i).tokens(), where);
        double score = sequence.get("score").getAsDouble();
        assertEquals(score, written.get(i).score(), 1e-5 * Math.max(1, -score), where);
      }
      List<Sequence> newer = write(expected, BeamRules.TRANSFORMERS_5);
      different += newer.toString().equals(written.toString()) ? 0 : 1;
    }
    assertEquals(120, cases.size());
    assertTrue(different > 60, "rules expected to differ in most cases, got " + different);
  }

  private static List<Sequence> write(JsonObject search, BeamRules rules) {
    int[] prompt = ints(search, "prompt");
    int most = search.get("max_length").getAsInt() - prompt.length;
    GenerationConfig decoding =
        GenerationConfig.beams(search.get("beams").getAsInt())
            .maxNewTokens(most)
            .minNewTokens(Math.max(0, search.get("min_length").getAsInt() - prompt.length))
            .lengthPenalty(search.get("length_penalty").getAsDouble())
            .repetitionPenalty(search.get("repetition_penalty").getAsDouble())
            .earlyStopping(earlyStopping(search.getAsJsonPrimitive("early_stopping")))
            .numReturnSequences(search.get("returning").getAsInt())
            .beamRules(rules);
    var model =
        new HashedModel(
            search.get("seed").getAsLong(), search.get("vocab").getAsInt(), List.of(prompt));
    return Generator.of(decoding, ints(search, "ends")).generate(model, List.of(prompt)).get(0);
  }

  private static EarlyStopping earlyStopping(JsonPrimitive value) {
    if (value.isString()) {
      return EarlyStopping.NEVER;
    }
    return value.getAsBoolean() ? EarlyStopping.WHEN_FULL : EarlyStopping.HEURISTIC;
  }

  private static int[] ints(JsonObject json, String key) {
    return json.getAsJsonArray(key).asList().stream().mapToInt(JsonElement::getAsInt).toArray();
  }

  @Test
  void generate_batch_equalsPromptsOneByOne() {
    for (long seed = 0; seed < 100; seed++) {
      List<int[]> prompts = List.of(new int[] {1, 2, 3}, new int[] {}, new int[] {4});
      GenerationConfig decoding =
          GenerationConfig.beams(3)
              .numReturnSequences(2)
              .maxNewTokens(8)
              .seed(seed)
              .beamRules(BeamRules.TRANSFORMERS_4_33);
      decoding = seed % 2 == 0 ? decoding : decoding.sampling().topK(5).temperature(2);
      Generator generator = Generator.of(decoding, 0, 5);

      List<List<Sequence>> batch = generator.generate(new HashedModel(seed, 9, prompts), prompts);

      for (int b = 0; b < prompts.size(); b++) {
        List<int[]> single = List.of(prompts.get(b));
        assertEquals(
            generator.generate(new HashedModel(seed, 9, single), single).get(0).toString(),
            batch.get(b).toString());
      }
    }
  }

  @Test
  void sampling_temperature_dividesTheSumTokenByToken() {
    GenerationConfig decoding =
        GenerationConfig.beams(2).sampling().temperature(2).maxNewTokens(3).lengthPenalty(0);
    List<int[]> prompts = List.of(new int[] {1});
    for (long seed = 0; seed < 20; seed++) {
      Sequence older =
          drawn(decoding.beamRules(BeamRules.TRANSFORMERS_4_33).seed(seed), seed, prompts);
      Sequence newer = drawn(decoding.seed(seed), seed, prompts);

      double compounded = 0;
      for (float log : older.logProbabilities()) {
        compounded = (compounded + log) / 2;
      }
      double each = 0;
      for (float log : newer.logProbabilities()) {
        each += log / 2;
      }
      assertEquals(compounded, older.score(), 1e-5);
      assertEquals(each, newer.score(), 1e-5);
      assertNotEquals(each, compounded, 1e-3);
    }
  }

  private static Sequence drawn(GenerationConfig decoding, long seed, List<int[]> prompts) {
    return Generator.of(decoding)
        .generate(new HashedModel(seed, 9, prompts), prompts)
        .get(0)
        .get(0);
  }

  @Test
  void generate_nothingToStartFrom_countsOneId() {
    GenerationConfig decoding =
        GenerationConfig.beams(2)
            .maxNewTokens(1)
            .beamRules(BeamRules.TRANSFORMERS_4_33)
            .numReturnSequences(2);

    List<Sequence> written =
        Generator.of(decoding, 0)
            .generate(FixedModel.of(0.9f, 0.06f, 0.04f), List.of(new int[0]))
            .get(0);

    // The end is divided by that one id, what the limit cut by one more.
    assertEquals(Math.log(0.9), written.get(0).score(), 1e-6);
    assertTrue(written.get(0).ended());
    assertEquals(Math.log(0.06) / 2, written.get(1).score(), 1e-6);
  }
}
