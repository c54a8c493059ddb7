package io.github.blip2j.llm;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.io.file.ConfigJson;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Checks and readings that the special tokens of every language model share. */
public final class TokenIds {
  private TokenIds() {}

  /** That a token is one of the vocabulary. */
  public static void require(String where, String name, int id, int vocabSize) {
    if (id < 0 || id >= vocabSize) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "%s: %s expected 0 to %d, got %d", where, name, vocabSize - 1, id));
    }
  }

  /** Of the text's own configuration: {@code generation_config.json} is not asked, as there. */
  public static List<Integer> endIds(ConfigJson json, int absent) throws CheckpointException {
    if (json.isNull("eos_token_id")) {
      return List.of(); // said to be none, which is not the same as not said
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
