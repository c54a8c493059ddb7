package io.github.blip2j.cli.console;

import java.io.FilterWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;

/** Lets through what {@link TerminalText} leaves of a text, whoever writes it. */
final class TerminalWriter extends FilterWriter {
  private TerminalWriter(Writer out) {
    super(out);
  }

  /** A printer of whole texts, as help is, with their line ends and tabs. */
  static PrintWriter texts(PrintWriter out) {
    return new PrintWriter(new TerminalWriter(out));
  }

  /** A printer of lines: none that is printed becomes two. */
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
