package io.github.blip2j.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.cli.console.Console;
import java.io.ByteArrayInputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Runs command lines in this process and keeps what they print. */
public record Shell(int exit, String out, String err) {
  /** The golden model that writes texts. */
  public static final String GOLDEN = "../blip2-llm/src/test/resources/golden/hf-opt";

  private static final Map<String, String> NOTHING_DOWNLOADED =
      Map.of("HF_HUB_CACHE", "no-cache", "HF_HUB_OFFLINE", "1");

  public static Shell run(String... args) {
    return run(new byte[0], args);
  }

  /** With the small golden model, whose texts are known, as the last option. */
  public static Shell golden(String... args) {
    return golden(new byte[0], args);
  }

  public static Shell golden(byte[] in, String... args) {
    String[] all = Arrays.copyOf(args, args.length + 1);
    all[args.length] = "--model=" + GOLDEN;
    return run(in, all);
  }

  public static Shell run(byte[] in, String... args) {
    return run(in, NOTHING_DOWNLOADED, args);
  }

  /** With environment variables. */
  public static Shell run(Map<String, String> environment, String... args) {
    return run(new byte[0], environment, args);
  }

  private static Shell run(byte[] in, Map<String, String> environment, String... args) {
    var out = new StringWriter();
    var err = new StringWriter();
    var console =
        new Console(
            new PrintWriter(out),
            new PrintWriter(err),
            new ByteArrayInputStream(in),
            false,
            Duration.ofMinutes(5),
            environment);
    int exit = Blip2Command.run(console, args);
    return new Shell(exit, lines(out), lines(err));
  }

  /** The only document on standard output, of a run that complained of nothing. */
  public JsonObject json() {
    assertEquals("", err);
    assertEquals(0, exit);
    return document();
  }

  public JsonObject document() {
    return JsonParser.parseString(out).getAsJsonObject();
  }

  /** The texts of all sequences of all images. */
  public List<String> texts() {
    List<String> texts = new ArrayList<>();
    for (JsonElement result : json().getAsJsonArray("results")) {
      for (JsonElement sequence : result.getAsJsonObject().getAsJsonArray("sequences")) {
        texts.add(sequence.getAsJsonObject().get("text").getAsString());
      }
    }
    return texts;
  }

  /** The first sequence of the first image. */
  public JsonObject firstSequence() {
    JsonArray results = json().getAsJsonArray("results");
    return results.get(0).getAsJsonObject().getAsJsonArray("sequences").get(0).getAsJsonObject();
  }

  /** A picture that lies beside the tests. */
  public static String image(String name) {
    try {
      return Path.of(Shell.class.getResource("/images/" + name).toURI()).toString();
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  private static String lines(StringWriter text) {
    return text.toString().replace(System.lineSeparator(), "\n");
  }
}
