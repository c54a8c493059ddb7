package io.github.blip2j.blip2;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.generation.EarlyStopping;
import io.github.blip2j.generation.GenerationConfig;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One decoding case of an {@code expected.json}: what was asked and what the reference wrote.
 *
 * @param args as {@code generate} takes them
 * @param prompts null for none, which is not the empty prompt
 */
public record DecodingCase(
    String name,
    JsonObject args,
    List<Integer> images,
    @Nullable List<String> prompts,
    List<List<Integer>> sequences,
    List<String> texts,
    @Nullable List<Double> scores) {

  public static List<DecodingCase> of(Path folder) {
    try (Reader reader = Files.newBufferedReader(folder.resolve("expected.json"))) {
      List<DecodingCase> cases = new ArrayList<>();
      for (JsonElement element :
          JsonParser.parseReader(reader).getAsJsonObject().getAsJsonArray("cases")) {
        DecodingCase read = of(element.getAsJsonObject());
        // A draw can't be compared: the reference's random numbers are its own.
        if (!read.isSampled()) {
          cases.add(read);
        }
      }
      if (cases.isEmpty()) {
        throw new AssertionError(folder + ": decoding cases expected, got none");
      }
      return cases;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The prompts of a folder's forward pass, in words. */
  public static List<String> prompts(Path folder) {
    try (Reader reader = Files.newBufferedReader(folder.resolve("expected.json"))) {
      JsonObject json = JsonParser.parseReader(reader).getAsJsonObject();
      return list(json.getAsJsonArray("prompts"), JsonElement::getAsString);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sequences for each image. */
  int returning() {
    return sequences.size() / images.size();
  }

  static DecodingCase of(JsonObject json) {
    return new DecodingCase(
        json.get("name").getAsString(),
        json.getAsJsonObject("args"),
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

  /**
   * The settings.
   *
   * @param prompt positions of image and longest prompt, which some arguments count too
   */
  public GenerationConfig decoding(int prompt) {
    GenerationConfig decoding = GenerationConfig.greedy();
    // Beams and the longest length first: other settings are checked against them.
    if (args.has("num_beams")) {
      decoding = decoding.numBeams(args.get("num_beams").getAsInt());
    }
    if (args.has("max_new_tokens")) {
      decoding = decoding.maxNewTokens(args.get("max_new_tokens").getAsInt());
    } else if (args.has("max_length")) {
      decoding = decoding.maxNewTokens(args.get("max_length").getAsInt() - prompt);
    }
    for (Map.Entry<String, JsonElement> arg : args.entrySet()) {
      decoding = with(decoding, arg.getKey(), arg.getValue(), prompt);
    }
    return decoding;
  }

  /** What ends a text: what the case says, or else the model. */
  public int[] endIds(int[] ofModel) {
    JsonElement own = args.get("eos_token_id");
    if (own == null || own.isJsonNull()) {
      return ofModel;
    }
    return own.isJsonArray()
        ? list(own.getAsJsonArray(), JsonElement::getAsInt).stream().mapToInt(i -> i).toArray()
        : new int[] {own.getAsInt()};
  }

  private boolean isSampled() {
    return args.has("do_sample") && args.get("do_sample").getAsBoolean();
  }

  private static GenerationConfig with(
      GenerationConfig decoding, String name, JsonElement value, int prompt) {
    return switch (name) {
      case "num_beams", "max_new_tokens", "max_length", "eos_token_id" -> decoding;
      // Without drawing, these change nothing.
      case "do_sample", "temperature", "top_k", "top_p", "use_cache", "pad_token_id" -> decoding;
      case "min_new_tokens" -> decoding.minNewTokens(value.getAsInt());
      case "min_length" -> decoding.minNewTokens(Math.max(0, value.getAsInt() - prompt));
      case "length_penalty" -> decoding.lengthPenalty(value.getAsDouble());
      case "repetition_penalty" -> decoding.repetitionPenalty(value.getAsDouble());
      case "no_repeat_ngram_size" -> decoding.noRepeatNgramSize(value.getAsInt());
      case "num_return_sequences" -> decoding.numReturnSequences(value.getAsInt());
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
