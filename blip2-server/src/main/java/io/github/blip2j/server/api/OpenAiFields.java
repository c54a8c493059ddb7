package io.github.blip2j.server.api;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The fields of one of OpenAI's requests: those that are honoured, those that change nothing here
 * and are taken, and those that are refused unless they ask for nothing. All others are refused
 * too, since a setting without its effect is worse than an error.
 */
final class OpenAiFields {
  /** Fields of a chat. */
  static final OpenAiFields CHAT =
      new OpenAiFields()
          .honoured(Settings.NAMES)
          .honoured("model", "messages", "stream", "stream_options", "logprobs", "top_logprobs")
          .honoured("raw")
          .ignored("user", "safety_identifier", "metadata") // nothing is stored of a request
          .ignored("prompt_cache_key", "prompt_cache_retention", "prediction") // for speed alone
          .ignored("parallel_tool_calls") // there are none
          .refused("tools", "[]")
          .refused("functions", "[]")
          .refused("tool_choice", "\"none\"", "\"auto\"")
          .refused("function_call", "\"none\"", "\"auto\"")
          .refused("response_format", "{\"type\":\"text\"}")
          .refused("modalities", "[\"text\"]")
          .refused("audio")
          .refused("logit_bias", "{}")
          .refused("presence_penalty", "0")
          .refused("frequency_penalty", "0")
          .refused("reasoning_effort", "\"none\"")
          .refused("verbosity", "\"medium\"")
          .refused("web_search_options")
          .refused("service_tier", "\"auto\"", "\"default\"")
          .refused("store", "false");

  /** Fields of a chat's {@code stream_options}. */
  static final OpenAiFields STREAM_OPTIONS =
      new OpenAiFields().honoured("include_usage").refused("include_obfuscation", "false");

  /** Fields of a message. */
  static final OpenAiFields MESSAGE =
      new OpenAiFields()
          .honoured("role", "content")
          .ignored("name", "refusal", "annotations")
          .refused("tool_calls", "[]")
          .refused("function_call")
          .refused("audio");

  /** Fields of a part of a message's content that is a text. */
  static final OpenAiFields TEXT = new OpenAiFields().honoured("type", "text");

  /** Fields of a part of a message's content that is an image. */
  static final OpenAiFields IMAGE = new OpenAiFields().honoured("type", "image_url");

  /** Fields of the URL of an image; models have one size of pictures, whatever the detail. */
  static final OpenAiFields IMAGE_URL =
      new OpenAiFields().honoured("url").refused("detail", "\"auto\"", "\"low\"", "\"high\"");

  /** Fields of a request for embeddings. */
  static final OpenAiFields EMBEDDINGS =
      new OpenAiFields()
          .honoured("model", "input", "encoding_format", "dimensions")
          .ignored("user");

  private final Set<String> honoured = new TreeSet<>();
  private final Set<String> ignored = new TreeSet<>();
  private final Map<String, List<JsonElement>> harmless = new LinkedHashMap<>();

  private OpenAiFields() {}

  private OpenAiFields honoured(String... names) {
    return honoured(Set.of(names));
  }

  private OpenAiFields honoured(Collection<String> names) {
    honoured.addAll(names);
    return this;
  }

  private OpenAiFields ignored(String... names) {
    ignored.addAll(Set.of(names));
    return this;
  }

  private OpenAiFields refused(String name, String... but) {
    harmless.put(name, Set.of(but).stream().map(JsonParser::parseString).toList());
    return this;
  }

  /** The names of the fields that do something. */
  Set<String> honoured() {
    return Set.copyOf(honoured);
  }

  /** The names of the fields that are taken and change nothing. */
  Set<String> ignored() {
    return Set.copyOf(ignored);
  }

  /** The names of the fields that are refused unless they ask for nothing. */
  Set<String> refused() {
    return Set.copyOf(harmless.keySet());
  }

  /** Refuses what is not honoured. */
  void check(Fields fields) {
    harmless.forEach(
        (name, values) -> {
          JsonElement value = fields.get(name);
          if (value != null && !values.contains(value)) {
            throw ApiException.invalid(
                fields.path(name),
                "%s expected, got %s; this server does not support it",
                values.isEmpty() ? "none" : "none or " + values,
                Fields.kind(value));
          }
        });
    Set<String> known = new TreeSet<>(honoured);
    known.addAll(ignored);
    known.addAll(harmless.keySet());
    fields.requireKnown(known);
  }
}
