package io.github.blip2j.mcp;

import com.google.gson.JsonElement;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A tool.
 *
 * @param name what clients call it
 * @param description for the assistant
 * @param inputSchema the JSON Schema of its arguments
 * @param work what it does
 */
record PhotoTool(String name, String description, Map<String, Object> inputSchema, Work work) {
  /** What a tool does; an exception's message is for the assistant. */
  @FunctionalInterface
  interface Work {
    JsonElement run(Arguments arguments) throws IOException;
  }

  /** The names of its arguments. */
  Set<String> argumentNames() {
    return ((Map<?, ?>) inputSchema.getOrDefault("properties", Map.of()))
        .keySet().stream().map(String::valueOf).collect(Collectors.toSet());
  }
}
