package io.github.blip2j.cli.console;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;

/** A writer that escapes all text with {@link TerminalText}. */
final class TerminalWriter extends FilterWriter {
  private TerminalWriter(Writer out) {
    super(out);
  }

  /** A printer of texts of several lines, such as help; line ends and tabs are kept. */
  static PrintWriter texts(PrintWriter out) {
    return new PrintWriter(new TerminalWriter(out));
  }

  /** A printer of lines; each print call stays on one line. */
  static PrintWriter lines(PrintWriter out) {
    return new PrintWriter(new TerminalWriter(out)) {
      @Override
      public void print(String line) {
        super.print(TerminalText.line(String.valueOf(line)));
      }

      @Override
      public void print(Object line) {
        print(String.valueOf(line));
      }
    };
  }

  @Override
  public void write(int c) throws IOException {
    write(Character.toString((char) c));
  }

  @Override
  public void write(char[] text, int from, int count) throws IOException {
    write(new String(text, from, count));
  }

  @Override
  public void write(String text, int from, int count) throws IOException {
    write(text.substring(from, from + count));
  }

  @Override
  public void write(String text) throws IOException {
    out.write(TerminalText.lines(text));
  }
}
