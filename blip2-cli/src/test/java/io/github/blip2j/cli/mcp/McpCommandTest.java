package io.github.blip2j.cli.mcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.blip2.ImageTextMatcher;
import io.github.blip2j.blip2.text.Match;
import io.github.blip2j.cli.Main;
import io.github.blip2j.cli.Shell;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as a child process, called by the SDK's own client. */
final class McpCommandTest {
  private static final Path MATCHER = Path.of("../blip2-llm/src/test/resources/golden/hf-itm");

  @TempDir static Path temporary;
  private static Path photos = Path.of("");
  private static Path elsewhere = Path.of("");
  private static McpSyncClient client;

  @BeforeAll
  static void start() throws IOException {
    Path real = temporary.toRealPath();
    photos = Files.createDirectory(real.resolve("photos"));
    elsewhere = Files.createDirectory(real.resolve("elsewhere"));
    for (String name : List.of("a.png", "b.png", "c.png")) {
      Files.copy(MATCHER.resolve("images").resolve(name), photos.resolve(name));
    }
    Files.copy(photos.resolve("a.png"), elsewhere.resolve("secret.png"));
    Files.createSymbolicLink(photos.resolve("link.png"), elsewhere.resolve("secret.png"));
    Files.createSymbolicLink(photos.resolve("out"), elsewhere);
    Files.writeString(photos.resolve("notes.png"), "no image");
    Path both = real.resolve("index"); // of both folders
    for (Path folder : List.of(photos, elsewhere)) {
      Shell indexed =
          Shell.run(
              "index",
              folder.toString(),
              "--index",
              both.toString(),
              "--model",
              MATCHER.toString());
      assertEquals(0, indexed.exit(), indexed.err());
    }
    client = client(photos.toString(), "--index", both.toString());
  }

  @AfterAll
  static void stop() {
    client.closeGracefully();
  }

  private static List<String> command(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "mcp"));
    command.addAll(List.of(arguments));
    return command;
  }

  private static McpSyncClient client(String... arguments) {
    List<String> command = command(arguments);
    ServerParameters parameters =
        ServerParameters.builder(command.get(0)).args(command.subList(1, command.size())).build();
    JsonSchemaValidator none =
        (schema, value) -> JsonSchemaValidator.ValidationResponse.asValid(null);
    McpSyncClient made =
        McpClient.sync(new StdioClientTransport(parameters, McpJsonDefaults.getMapper()))
            .requestTimeout(Duration.ofMinutes(2))
            .initializationTimeout(Duration.ofMinutes(2))
            .jsonSchemaValidator(none)
            .build();
    made.initialize();
    return made;
  }

  private static CallToolResult call(String tool, Map<String, Object> arguments) {
    return client.callTool(CallToolRequest.builder(tool).arguments(arguments).build());
  }

  private static String text(CallToolResult result) {
    assertEquals(1, result.content().size());
    return ((TextContent) result.content().get(0)).text();
  }

  private static String answer(String tool, Map<String, Object> arguments) {
    CallToolResult result = call(tool, arguments);
    assertEquals(false, result.isError(), () -> text(result));
    return text(result);
  }

  private static String error(String tool, Map<String, Object> arguments) {
    CallToolResult result = call(tool, arguments);
    assertEquals(true, result.isError(), () -> text(result));
    return text(result);
  }

  @Test
  void tools_areDescribedWithTheirArguments() {
    List<Tool> tools = client.listTools().tools();

    assertEquals(
        List.of("ask", "caption", "match", "search"),
        tools.stream().map(Tool::name).sorted().toList());
    for (Tool tool : tools) {
      assertFalse(tool.description().isBlank());
      assertEquals("object", tool.inputSchema().get("type"));
      assertEquals(true, tool.annotations().readOnlyHint());
    }
    assertEquals("blip2", client.getServerInfo().name());
  }

  @Test
  void captionAndAsk_answerAsTheLibrary() throws IOException {
    try (Blip2 blip2 = Blip2.bundled()) {
      var image = blip2.read(photos.resolve("a.png"));
      assertEquals(blip2.caption(image), answer("caption", Map.of("path", photos + "/a.png")));
      assertEquals(blip2.caption(image), answer("caption", Map.of("path", "a.png")));
      assertEquals(
          blip2.answer(image, "what is this?"),
          answer("ask", Map.of("path", "a.png", "question", "what is this?")));
      String prompted = answer("caption", Map.of("path", "a.png", "prompt", "a photo of"));
      assertTrue(prompted.startsWith("a photo of"), prompted);
    }
  }

  @Test
  void match_hasTheLibrarysScores() throws IOException {
    CallToolResult result =
        call("match", Map.of("path", "b.png", "texts", List.of("two cats", "a dog")));

    JsonArray matches =
        JsonParser.parseString(text(result)).getAsJsonObject().getAsJsonArray("matches");
    try (ImageTextMatcher matcher = ImageTextMatcher.load(MATCHER)) {
      Match expected = matcher.match(matcher.read(photos.resolve("b.png")), "a dog");
      JsonObject second = matches.get(1).getAsJsonObject();
      assertEquals("a dog", second.get("text").getAsString());
      assertEquals(expected.itc(), second.get("itc").getAsDouble(), 1e-5);
      assertEquals(expected.itmProbability(), second.get("itm_probability").getAsDouble(), 1e-5);
    }
    assertTrue(((Map<?, ?>) result.structuredContent()).containsKey("matches"));
  }

  @Test
  void search_findsPhotosBelowTheFoldersAlone() {
    JsonArray found = results(Map.of("path", "a.png", "k", 5));

    assertEquals(3, found.size(), "photos below the folder");
    assertEquals(photos + "/a.png", found.get(0).getAsJsonObject().get("path").getAsString());
    assertEquals(1, found.get(0).getAsJsonObject().get("score").getAsDouble(), 1e-5);
    assertFalse(found.toString().contains("secret"), found::toString);
    assertEquals(1, results(Map.of("text", "two cats", "k", 1)).size());
    assertEquals(0, results(Map.of("text", "two cats", "folder", "none")).size());
  }

  @Test
  void search_reranked_isInTheOrderOfTheMatches() throws IOException {
    JsonArray found = results(Map.of("text", "two cats", "k", 3, "rerank", 3));

    assertEquals(3, found.size(), "photos below the folder");
    try (ImageTextMatcher matcher = ImageTextMatcher.load(MATCHER)) {
      double last = Double.POSITIVE_INFINITY;
      for (JsonElement each : found) {
        JsonObject hit = each.getAsJsonObject();
        Match match =
            matcher.match(matcher.read(Path.of(hit.get("path").getAsString())), "two cats");
        assertEquals(match.itmProbability(), hit.get("itm_probability").getAsDouble(), 1e-5);
        assertTrue(match.itc() + match.itmLogit() <= last + 1e-5, found::toString);
        last = match.itc() + match.itmLogit();
      }
    }
    assertEquals(
        "search: rerank: a text expected, got a path; leave rerank out",
        error("search", Map.of("path", "a.png", "rerank", 1)));
  }

  private static JsonArray results(Map<String, Object> arguments) {
    return JsonParser.parseString(answer("search", arguments))
        .getAsJsonObject()
        .getAsJsonArray("results");
  }

  @Test
  void paths_elsewhere_areRefused_linksToo() {
    for (String path :
        List.of(
            elsewhere + "/secret.png",
            "/etc/passwd",
            "../elsewhere/secret.png",
            photos + "/../elsewhere/secret.png",
            "/no/such/file.png")) {
      String message = error("caption", Map.of("path", path));
      assertTrue(message.contains("got one elsewhere"), message);
    }
    for (String path : List.of("link.png", "out/secret.png", photos + "/link.png")) {
      String message = error("match", Map.of("path", path, "texts", List.of("a")));
      assertTrue(message.contains("got one elsewhere"), message);
      assertFalse(message.contains(elsewhere.toString()), message);
    }
    for (String path : List.of("none.png", ".", "a.png/b")) {
      String message = error("caption", Map.of("path", path));
      assertTrue(message.contains("got no file"), message);
    }
    assertTrue(error("caption", Map.of("path", "a\0b")).contains("path: path expected"));
  }

  @Test
  void calls_withWrongArguments_areClearErrors() {
    assertEquals("caption: path: text expected, got none", error("caption", Map.of()));
    assertEquals(
        "ask: question: text expected, got a blank",
        error("ask", Map.of("path", "a.png", "question", " ")));
    assertEquals("caption: path: text expected, got 7", error("caption", Map.of("path", 7)));
    assertEquals(
        "match: texts: list of texts expected, got none", error("match", Map.of("path", "a.png")));
    assertEquals(
        "match: texts: text expected, got 1",
        error("match", Map.of("path", "a.png", "texts", List.of(1))));
    assertTrue(error("search", Map.of()).contains("either a text or a path expected, got neither"));
    assertEquals(
        "search: k: whole number of 1 to 100 expected, got 1000",
        error("search", Map.of("text", "a", "k", 1000)));
    assertTrue(error("search", Map.of("text", "a", "after", "now")).contains("day as 2023-05-31"));
    assertTrue(error("caption", Map.of("path", "a.png", "x", 1)).startsWith("caption: x: one of"));
    assertTrue(error("caption", Map.of("path", "notes.png")).contains("notes.png"));
    Map<String, Object> none = new HashMap<>();
    none.put("path", null);
    assertEquals("caption: path: text expected, got none", error("caption", none));
  }

  /** By hand: no arguments at all, and what clients send that is none of the protocol. */
  @Test
  void output_isTheProtocolAlone_andTheProcessEndsWithItsInput() throws Exception {
    Process process =
        new ProcessBuilder(command(photos.toString(), "--debug"))
            .redirectError(temporary.resolve("errors").toFile())
            .start();
    try (var in = process.outputWriter(StandardCharsets.UTF_8);
        var out = process.inputReader(StandardCharsets.UTF_8)) {
      in.write(
          "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
              + "\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"hand\",\"version\":"
              + "\"1\"}}}\n");
      in.flush();
      assertEquals(1, reply(out.readLine()).get("id").getAsInt());
      in.write("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
      in.write(
          "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":"
              + "\"caption\"}}\n");
      in.flush();
      String answer = out.readLine();
      assertTrue(answer.contains("caption: path: text expected, got none"), answer);
      assertEquals(2, reply(answer).get("id").getAsInt());
      in.write(
          "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":"
              + "\"caption\",\"arguments\":{\"path\":\"a.png\"}}}\n");
      in.flush();
      assertEquals(3, reply(out.readLine()).get("id").getAsInt());
      in.close();
      assertEquals(null, out.readLine());
      assertTrue(process.waitFor(20, TimeUnit.SECONDS));
      assertEquals(0, process.exitValue());
    } finally {
      process.destroyForcibly();
    }
  }

  private static JsonObject reply(String line) {
    JsonObject json = JsonParser.parseString(line).getAsJsonObject();
    assertEquals("2.0", json.get("jsonrpc").getAsString());
    return json;
  }

  @Test
  void command_withoutFoldersOrWithNone_isAnErrorOnStandardError() {
    Shell none = Shell.run("mcp");
    assertEquals(2, none.exit());
    assertEquals("", none.out());
    Shell missing = Shell.run("mcp", temporary.resolve("missing").toString());
    assertEquals(1, missing.exit());
    assertTrue(missing.err().contains("folder expected, got none"), missing.err());
    assertEquals("", missing.out());
  }
}
