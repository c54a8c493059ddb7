package io.github.blip2j.qformer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.generation.Decoding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** One decoding case of an {@code expected.json}: its settings and the reference's sequences. */
record GenerateCase(String name, Decoding decoding, List<List<Integer>> sequences) {
  static List<GenerateCase> read(Path folder) throws IOException {
    String text = Files.readString(folder.resolve("expected.json"));
    List<GenerateCase> cases = new ArrayList<>();
    for (JsonElement each :
        JsonParser.parseString(text).getAsJsonObject().getAsJsonArray("generate")) {
      JsonObject json = each.getAsJsonObject();
      List<List<Integer>> sequences = new ArrayList<>();
      for (JsonElement row : json.getAsJsonArray("sequences")) {
        sequences.add(row.getAsJsonArray().asList().stream().map(JsonElement::getAsInt).toList());
      }
      cases.add(
          new GenerateCase(
              json.get("name").getAsString(), decoding(json.getAsJsonObject("args")), sequences));
    }
    return cases;
  }

  /** What follows the start token, without the padding after the end. */
  int[] newTokens(int row, int padding) {
    List<Integer> all = sequences.get(row);
    return IntStream.range(1, all.size()).map(all::get).filter(id -> id != padding).toArray();
  }

  /** LAVIS counts the start token in both lengths. */
  private static Decoding decoding(JsonObject args) {
    int beams = args.get("num_beams").getAsInt();
    Decoding base = beams > 1 ? Decoding.beams(beams) : Decoding.greedy();
    return base.maxNewTokens(args.get("max_length").getAsInt() - 1)
        .minNewTokens(Math.max(0, args.get("min_length").getAsInt() - 1))
        .repetitionPenalty(args.get("repetition_penalty").getAsDouble());
  }
}
