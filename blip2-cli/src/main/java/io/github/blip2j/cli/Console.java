package io.github.blip2j.cli;

import java.io.InputStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;

/**
 * Where a command reads and writes.
 *
 * @param out results
 * @param err errors, warnings and progress
 * @param in standard input
 * @param terminal whether somebody watches {@code err} on a terminal
 * @param patience how long work may take before progress is shown
 * @param environment the environment variables
 */
record Console(
    PrintWriter out,
    PrintWriter err,
    InputStream in,
    boolean terminal,
    Duration patience,
    Map<String, String> environment) {

  /** One line about something that went wrong or was left out. */
  void complain(String message) {
    err.println("blip2: " + oneLine(message));
    err.flush();
  }

  static String oneLine(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ").strip();
  }
}
