package io.github.blip2j.llm;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Checks and parsing of special tokens, shared by all language models. */
public final class TokenIds {
  private TokenIds() {}

  /** Checks that a token is in the vocabulary. */
  public static void require(String where, String name, int id, int vocabSize) {
    if (id < 0 || id >= vocabSize) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s: %s expected 0 to %d, got %d", where, name, vocabSize - 1, id));
    }
  }

  /**
   * End tokens of the text configuration; {@code generation_config.json} is not used, as in the
   * reference.
   */
  public static List<Integer> endIds(ConfigJson json, int absent) throws CheckpointException {
    if (json.isNull("eos_token_id")) {
      return List.of(); // an explicit null, unlike a missing key, means none
    }
    if (!json.has("eos_token_id")) {
      return List.of(absent);
    }
    int[] ids = json.intsAt("eos_token_id");
    if (ids.length == 0) {
      throw new CheckpointException(
          json + ".eos_token_id expected a token id or several, got none");
    }
    return Arrays.stream(ids).boxed().toList();
  }
}
