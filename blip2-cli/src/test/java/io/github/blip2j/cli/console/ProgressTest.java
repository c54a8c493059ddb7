package io.github.blip2j.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ProgressTest {
  @Test
  void show_onATerminal_rewritesOneLineAndWipesIt() {
    var err = new StringWriter();
    try (var progress = Progress.on(console(err, true))) {
      progress.doing("loading a model");
      progress.show();
      progress.doing("image 1");
      progress.show();
    }

    assertEquals(
        "\rblip2: loading a model, 0 s\rblip2: image 1, 0 s"
            + " ".repeat(8)
            + "\r"
            + " ".repeat(19)
            + "\r",
        err.toString());
  }

  @Test
  void show_elsewhere_printsLines() {
    var err = new StringWriter();
    try (var progress = Progress.on(console(err, false))) {
      progress.doing("image 1");
      progress.show();
    }

    assertEquals("blip2: image 1, 0 s" + System.lineSeparator(), err.toString());
  }

  @Test
  void progress_shortWork_saysNothing() {
    var err = new StringWriter();
    try (var progress = Progress.on(console(err, true))) {
      progress.doing("image 1");
    }

    assertEquals("", err.toString());
  }

  private static Console console(StringWriter err, boolean terminal) {
    return new Console(
        new PrintWriter(new StringWriter()),
        new PrintWriter(err),
        InputStream.nullInputStream(),
        terminal,
        Duration.ofMinutes(1),
        Map.of());
  }
}
