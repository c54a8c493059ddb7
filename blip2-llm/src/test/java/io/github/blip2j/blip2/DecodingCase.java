package io.github.blip2j.blip2;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.generation.Decoding;
import io.github.blip2j.generation.EarlyStopping;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One decoding case of an {@code expected.json}: what was asked and what the reference wrote. */
record DecodingCase(
    String name,
    Decoding decoding,
    List<Integer> images,
    @Nullable List<String> prompts,
    List<List<Integer>> sequences,
    List<String> texts,
    @Nullable List<Double> scores) {

  static List<DecodingCase> of(Path folder) {
    try (Reader reader = Files.newBufferedReader(folder.resolve("expected.json"))) {
      List<DecodingCase> cases = new ArrayList<>();
      for (JsonElement element :
          JsonParser.parseReader(reader).getAsJsonObject().getAsJsonArray("cases")) {
        cases.add(of(element.getAsJsonObject()));
      }
      if (cases.isEmpty()) {
        throw new AssertionError(folder + ": decoding cases expected, got none");
      }
      return cases;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sequences for each image. */
  int returning() {
    return sequences.size() / images.size();
  }

  private static DecodingCase of(JsonObject json) {
    return new DecodingCase(
        json.get("name").getAsString(),
        decoding(json.getAsJsonObject("args")),
        list(json.getAsJsonArray("images"), JsonElement::getAsInt),
        json.get("prompts").isJsonNull()
            ? null
            : list(json.getAsJsonArray("prompts"), JsonElement::getAsString),
        list(
            json.getAsJsonArray("sequences"),
            row -> list(row.getAsJsonArray(), JsonElement::getAsInt)),
        list(json.getAsJsonArray("texts"), JsonElement::getAsString),
        json.get("sequences_scores").isJsonNull()
            ? null
            : list(json.getAsJsonArray("sequences_scores"), JsonElement::getAsDouble));
  }

  private static Decoding decoding(JsonObject args) {
    Decoding decoding = Decoding.greedy();
    // Beams first: later settings are checked against them.
    if (args.has("num_beams")) {
      decoding = Decoding.beams(args.get("num_beams").getAsInt());
    }
    for (Map.Entry<String, JsonElement> arg : args.entrySet()) {
      decoding = with(decoding, arg.getKey(), arg.getValue());
    }
    return decoding;
  }

  private static Decoding with(Decoding decoding, String name, JsonElement value) {
    return switch (name) {
      case "num_beams", "do_sample" -> decoding;
      case "max_new_tokens" -> decoding.maxNewTokens(value.getAsInt());
      case "min_new_tokens" -> decoding.minNewTokens(value.getAsInt());
      case "length_penalty" -> decoding.lengthPenalty(value.getAsDouble());
      case "repetition_penalty" -> decoding.repetitionPenalty(value.getAsDouble());
      case "no_repeat_ngram_size" -> decoding.noRepeatNgramSize(value.getAsInt());
      case "num_return_sequences" -> decoding.returning(value.getAsInt());
      case "early_stopping" -> decoding.earlyStopping(earlyStopping(value));
      default -> throw new AssertionError("decoding argument expected to be known, got " + name);
    };
  }

  private static EarlyStopping earlyStopping(JsonElement value) {
    if (value.getAsJsonPrimitive().isString()) {
      return EarlyStopping.NEVER;
    }
    return value.getAsBoolean() ? EarlyStopping.WHEN_FULL : EarlyStopping.HEURISTIC;
  }

  private interface Read<T> {
    T from(JsonElement element);
  }

  private static <T> List<T> list(JsonArray array, Read<T> read) {
    List<T> values = new ArrayList<>();
    array.forEach(element -> values.add(read.from(element)));
    return List.copyOf(values);
  }
}
