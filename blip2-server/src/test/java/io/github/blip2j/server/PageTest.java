package io.github.blip2j.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.github.blip2j.blip2.Blip2;
import io.github.blip2j.vision.image.ImageDecoder;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page: its files, and what a browser makes of it. */
final class PageTest {
  private static final Path NODE = Path.of("src", "test", "node");
  private static final Path PAGE = Path.of("src/main/resources/io/github/blip2j/server/page");
  private static final String KEY = "a-key-of-a-test";
  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html;charset=utf-8",
          "css", "text/css;charset=utf-8",
          "js", "text/javascript;charset=utf-8",
          "svg", "image/svg+xml",
          "png", "image/png");

  @TempDir Path folder;

  @Test
  void files_areServedWithTypeAndPolicy() throws IOException {
    try (Blip2Server server = Blip2Server.start(ServerOptions.defaults().withPort(0));
        Stream<Path> files = Files.walk(PAGE)) {
      var client = new Client(server.uri());
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = PAGE.relativize(file).toString().replace('\\', '/');
        HttpResponse<String> response = client.get("/page/" + name);
        assertEquals(200, response.statusCode(), name);
        String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
        assertEquals(type, response.headers().firstValue("Content-Type").orElse(""), name);
        assertEquals(
            "default-src 'self'; img-src 'self' data: blob:",
            response.headers().firstValue("Content-Security-Policy").orElse(""));
      }
      assertEquals(Files.readString(PAGE.resolve("index.html")), client.get("/").body());
    }
  }

  @Test
  void files_nameNoOtherHost() throws IOException {
    try (Stream<Path> files = Files.walk(PAGE)) {
      for (Path file : files.filter(f -> f.toString().matches(".*\\.(html|css|js|svg)")).toList()) {
        String text =
            Files.readString(file).replace("http://www.w3.org/2000/svg", "").replace("://\"", "");
        assertTrue(!text.matches("(?s).*(https?:)?//[a-z0-9-]+\\.[a-z].*"), file::toString);
      }
    }
  }

  @Test
  void page_worksInABrowser() throws Exception {
    requireBrowser();
    List<String> command = new ArrayList<>(List.of("node", "--test", "--test-reporter=spec"));
    try (Stream<Path> files = Files.list(NODE)) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".test.mjs") && !name.equals("served.test.mjs"))
          .sorted()
          .forEach(command::add);
    }
    assertTrue(command.size() > 3, command::toString);
    run(Map.of(), command.toArray(String[]::new));
  }

  @Test
  void page_worksWithTheServer() throws Exception {
    requireBrowser();
    String caption;
    try (Blip2 blip2 = Blip2.bundled()) {
      caption = blip2.caption(new ImageDecoder().decode(PAGE.resolve("examples/1.png")));
    }
    ServerOptions open = ServerOptions.defaults().withPort(0); // the bundled models
    MadeIndex.update(folder, PAGE.resolve("examples"));
    ServerOptions locked = ServerOptions.defaults().withPort(0).withApiKey(KEY).withIndex(folder);
    try (Blip2Server server = Blip2Server.start(open);
        Blip2Server lockedServer = Blip2Server.start(locked)) {
      server.ready().join();
      lockedServer.ready().join();
      Map<String, String> variables =
          Map.of(
              "BLIP2_URL",
              server.uri() + "/",
              "BLIP2_KEY_URL",
              lockedServer.uri() + "/",
              "BLIP2_KEY",
              KEY,
              "BLIP2_CAPTION",
              caption);
      run(variables, "node", "--test", "--test-reporter=spec", "served.test.mjs");
    }
  }

  @Test
  void javaThatThePageShows_compiles() throws Exception {
    requireNode();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    String written = run(Map.of(), "node", "snippets.mjs");
    for (JsonElement call : JsonParser.parseString(written).getAsJsonArray()) {
      String java = call.getAsJsonObject().get("java").getAsString();
      var told = new StringWriter();
      var options = List.of("-proc:none", "-d", folder.toString(), "-cp", classPath());
      boolean compiled =
          compiler.getTask(told, null, null, options, null, List.of(new Source(java))).call();
      assertTrue(compiled, () -> told + "\n" + java);
    }
  }

  private static String classPath() {
    return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
  }

  /** Runs a command in the folder of the tests for node; what it printed. */
  private String run(Map<String, String> variables, String... command) throws Exception {
    File output = folder.resolve("output").toFile();
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(NODE.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output);
    builder.environment().putAll(variables);
    int code = builder.start().waitFor();
    String said = Files.readString(output.toPath(), StandardCharsets.UTF_8);
    assertEquals(0, code, said);
    return said;
  }

  private static void requireBrowser() {
    requireNode();
    require(
        Files.isDirectory(NODE.resolve("node_modules")),
        "npm ci in blip2-server/src/test/node, for tests of the page");
    boolean found =
        System.getenv("CHROMIUM") != null
            || Stream.of("chromium", "chromium-browser", "google-chrome")
                .anyMatch(name -> Files.isExecutable(Path.of("/usr/bin", name)));
    require(found, "chromium, for tests of the page");
  }

  private static void requireNode() {
    boolean found =
        Stream.of(System.getenv("PATH").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, "node")));
    require(found, "node, for tests of the page");
  }

  private static void require(boolean holds, String what) {
    if (holds) {
      return;
    }
    if (System.getenv("CI") != null) {
      fail("expected " + what + ", got none");
    }
    abort("not run without " + what);
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String text) {
      super(URI.create("string:///Try.java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
