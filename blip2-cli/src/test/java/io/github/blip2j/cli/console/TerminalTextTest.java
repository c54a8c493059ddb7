package io.github.blip2j.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.blip2j.cli.text.JsonReport;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class TerminalTextTest {
  private static final String HOSTILE =
      "a\u001b]0;b\u0007\n\r\t\u007f\u009b\u2028\u202e\u2066\ud800 \u00e9\u5b57\ud83d\ude00\u200f";
  private static final String HARMLESS =
      "a\\x1b]0;b\\x07\\x0a\\x0d\\x09\\x7f\\x9b\\u2028\\u202e\\u2066\\ud800"
          + " \u00e9\u5b57\ud83d\ude00\u200f";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Console console =
      new Console(
          new PrintWriter(out),
          new PrintWriter(err),
          InputStream.nullInputStream(),
          true,
          Duration.ofMinutes(1),
          Map.of());

  @Test
  void out_whateverIsPrinted_isOneLineThatATerminalShows() {
    console.out().println(HOSTILE);
    console.out().println((Object) HOSTILE);
    console.out().flush();

    String line = HARMLESS + System.lineSeparator();
    assertEquals(line + line, out.toString());
  }

  @Test
  void out_formatted_obeysNothingButLineEnds() {
    console.out().printf(Locale.ROOT, "%s\u001b%n", "b");
    console.out().append('\u001b').flush();

    assertEquals("b\\x1b" + System.lineSeparator() + "\\x1b", out.toString());
  }

  @Test
  void complain_isOneLine() {
    console.complain("one\n two\u001b[31m");

    assertEquals("blip2: one two\\x1b[31m" + System.lineSeparator(), err.toString());
  }

  @Test
  void progress_namesAreShown() {
    try (var progress = Progress.on(console)) {
      progress.doing("image \u001b[31m");
      progress.show();
    }

    String line = "blip2: image \\x1b[31m, 0 s";
    assertEquals("\r" + line + "\r" + " ".repeat(line.length()) + "\r", err.toString());
  }

  @Test
  void traces_keepTheirLines() {
    new IllegalStateException("a\u001b").printStackTrace(console.traces());
    console.traces().flush();

    List<String> lines = err.toString().lines().toList();
    assertEquals("java.lang.IllegalStateException: a\\x1b", lines.get(0));
    assertEquals("\tat ", lines.get(1).substring(0, 4));
  }

  @Test
  void json_isTheSameDocument() {
    var document = new JsonObject();
    document.addProperty("name", HOSTILE);
    JsonReport.print(console, document);
    console.out().flush();

    assertEquals(document, JsonParser.parseString(out.toString()));
    assertEquals(out.toString().strip(), TerminalText.line(out.toString().strip()));
  }

  @ParameterizedTest
  @CsvSource({"0, 0 lines", "1, 1 line", "2, 2 lines"})
  void count_agreesWithItsThing(long count, String words) {
    assertEquals(words, Count.of(count, "line"));
  }
}
