package io.github.blip2j.server.api;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of OpenAI's fields do something here, and that no other is taken without a word. */
final class OpenAiFieldsTest {
  /** The fields that OpenAI documents for chat completions. */
  private static final Set<String> CHAT =
      Set.of(
          "audio",
          "frequency_penalty",
          "function_call",
          "functions",
          "logit_bias",
          "logprobs",
          "max_completion_tokens",
          "max_tokens",
          "messages",
          "metadata",
          "modalities",
          "model",
          "n",
          "parallel_tool_calls",
          "prediction",
          "presence_penalty",
          "prompt_cache_key",
          "prompt_cache_retention",
          "reasoning_effort",
          "response_format",
          "safety_identifier",
          "seed",
          "service_tier",
          "stop",
          "store",
          "stream",
          "stream_options",
          "temperature",
          "tool_choice",
          "tools",
          "top_logprobs",
          "top_p",
          "user",
          "verbosity",
          "web_search_options");

  private static final Set<String> EMBEDDINGS =
      Set.of("dimensions", "encoding_format", "input", "model", "user");

  private static Set<String> all(OpenAiFields fields) {
    Set<String> all = new TreeSet<>(fields.honoured());
    all.addAll(fields.ignored());
    all.addAll(fields.refused());
    return all;
  }

  @Test
  void everyField_ofOpenAi_isInOneOfTheLists() {
    assertTrue(all(OpenAiFields.CHAT).containsAll(CHAT));
    assertEquals(new TreeSet<>(EMBEDDINGS), all(OpenAiFields.EMBEDDINGS));
    for (OpenAiFields fields : List.of(OpenAiFields.CHAT, OpenAiFields.EMBEDDINGS)) {
      int sum = fields.honoured().size() + fields.ignored().size() + fields.refused().size();
      assertEquals(sum, all(fields).size(), "no field is in two lists");
    }
  }

  /** The page for operators has the same lists. */
  @Test
  void everyField_isOnThePage() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("..", "docs", "server.md"));
    assertRow(lines, "honoured", OpenAiFields.CHAT.honoured());
    assertRow(lines, "ignored", OpenAiFields.CHAT.ignored());
    assertRow(lines, "refused", OpenAiFields.CHAT.refused());
  }

  @Test
  void everyField_thatIsHonoured_isDescribed() throws IOException {
    JsonObject description;
    try (InputStream in =
        Objects.requireNonNull(
            OpenAiFieldsTest.class.getResourceAsStream("/io/github/blip2j/server/openapi.json"))) {
      description =
          JsonParser.parseReader(new InputStreamReader(in, StandardCharsets.UTF_8))
              .getAsJsonObject();
    }
    JsonObject chat =
        description
            .getAsJsonObject("components")
            .getAsJsonObject("schemas")
            .getAsJsonObject("ChatRequest");
    assertEquals(OpenAiFields.CHAT.honoured(), chat.getAsJsonObject("properties").keySet());
    JsonObject paths = description.getAsJsonObject("paths");
    assertEquals(OpenAiFields.EMBEDDINGS.honoured(), properties(paths, "/v1/embeddings"));
    for (String path : List.of("/v1/caption", "/v1/answer")) {
      assertTrue(properties(paths, path).containsAll(Settings.NAMES), path);
    }
  }

  private static Set<String> properties(JsonObject paths, String path) {
    return paths
        .getAsJsonObject(path)
        .getAsJsonObject("post")
        .getAsJsonObject("requestBody")
        .getAsJsonObject("content")
        .getAsJsonObject("application/json")
        .getAsJsonObject("schema")
        .getAsJsonObject("properties")
        .keySet();
  }

  private static void assertRow(List<String> lines, String kind, Set<String> names) {
    String row =
        lines.stream()
            .filter(line -> line.startsWith("| chat | " + kind + " |"))
            .findFirst()
            .orElseThrow();
    for (String name : names) {
      assertTrue(row.contains("`" + name + "`"), kind + ": " + name);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"store": true}                                | store
          {"service_tier": "flex"}                       | service_tier
          {"reasoning_effort": "high"}                   | reasoning_effort
          {"verbosity": "low"}                           | verbosity
          {"audio": {"voice": "alloy"}}                  | audio
          {"web_search_options": {}}                     | web_search_options
          {"modalities": ["text", "audio"]}              | modalities
          {"response_format": {"type": "json_object"}}   | response_format
          {"tools": [1]}                                 | tools
          {"tool_choice": "required"}                    | tool_choice
          {"logit_bias": {"1": 2}}                       | logit_bias
          {"presence_penalty": 0.1}                      | presence_penalty
          {"frequency_penalty": -1}                      | frequency_penalty
          {"best_of": 2}                                 | best_of
          {"max_token": 2}                               | max_token
          """)
  void field_thatIsNotHonoured_isRefusedByItsName(String json, String name) {
    ApiException e = assertThrows(ApiException.class, () -> check(json));

    assertEquals(400, e.status());
    assertEquals(name, e.param());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"store": false, "service_tier": "auto", "verbosity": "medium", "tool_choice": "auto"}
          {"presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": {}, "tools": []}
          {"response_format": {"type": "text"}, "modalities": ["text"], "audio": null}
          {"user": "me", "metadata": {"a": "b"}, "prediction": {"type": "content"}}
          """)
  void field_thatAsksForNothing_isTaken(String json) {
    assertDoesNotThrow(() -> check(json));
  }

  private static void check(String json) {
    JsonObject object = JsonParser.parseString(json).getAsJsonObject();
    OpenAiFields.CHAT.check(new Fields("", object));
  }
}
