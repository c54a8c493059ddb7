package io.github.blip2j.cli.console;

import java.io.InputStream;
import java.io.PrintWriter;
import java.io.Writer;
import java.time.Duration;
import java.util.Map;

/**
 * The input and output of a command. Its output is escaped, so that terminals execute none of it.
 */
public final class Console {
  private final PrintWriter rawErr;
  private final PrintWriter out;
  private final PrintWriter err;
  private final PrintWriter help;
  private final PrintWriter traces;
  private final InputStream in;
  private final boolean terminal;
  private final Duration patience;
  private final Map<String, String> environment;

  /**
   * A console.
   *
   * @param out results
   * @param err errors, warnings and progress
   * @param in standard input
   * @param terminal whether {@code err} is a terminal
   * @param patience how long work may take before progress is shown
   * @param environment the environment variables
   */
  public Console(
      PrintWriter out,
      PrintWriter err,
      InputStream in,
      boolean terminal,
      Duration patience,
      Map<String, String> environment) {
    this.rawErr = err;
    this.out = TerminalWriter.lines(out);
    this.err = TerminalWriter.lines(err);
    this.help = out;
    this.traces = TerminalWriter.texts(err);
    this.in = in;
    this.terminal = terminal;
    this.patience = patience;
    this.environment = environment;
  }

  /** This console without output. */
  public Console silent() {
    var nowhere = new PrintWriter(Writer.nullWriter());
    return new Console(nowhere, nowhere, in, false, patience, environment);
  }

  /** For results; each print call stays on one line. */
  public PrintWriter out() {
    return out;
  }

  /** For notes; each print call stays on one line. */
  PrintWriter err() {
    return err;
  }

  /** For help texts of several lines, in colours where picocli uses them. */
  public PrintWriter help() {
    return help;
  }

  /** For errors of several lines. */
  public PrintWriter traces() {
    return traces;
  }

  /** Prints over the line that the cursor is in. */
  void rewrite(String line) {
    rawErr.print("\r" + TerminalText.line(line));
    rawErr.flush();
  }

  public InputStream in() {
    return in;
  }

  boolean terminal() {
    return terminal;
  }

  Duration patience() {
    return patience;
  }

  public Map<String, String> environment() {
    return environment;
  }

  /** One line about something that went wrong or was left out. */
  public void complain(String message) {
    note(oneLine(message));
  }

  /** One line about progress. */
  public void note(String message) {
    err.println("blip2: " + message);
    err.flush();
  }

  public static String oneLine(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ").strip();
  }
}
