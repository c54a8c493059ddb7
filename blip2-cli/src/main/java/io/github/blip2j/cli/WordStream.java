package io.github.blip2j.cli;

import io.github.blip2j.text.Tokenizer;
import java.io.PrintWriter;
import java.util.Arrays;

/** Prints a text while its tokens come in. */
final class WordStream {
  private static final char INCOMPLETE = '\uFFFD';

  private final PrintWriter out;
  private final Tokenizer tokenizer;
  private final String before;
  private int[] tokens = {};
  private String printed = "";

  WordStream(PrintWriter out, Tokenizer tokenizer, String before) {
    this.out = out;
    this.tokenizer = tokenizer;
    this.before = before;
  }

  void add(int token) {
    if (tokens.length == 0) {
      out.print(before);
    }
    tokens = Arrays.copyOf(tokens, tokens.length + 1);
    tokens[tokens.length - 1] = token;
    // All of them each time: a token's spelling depends on its neighbours.
    String text = Console.oneLine(tokenizer.decode(tokens));
    boolean whole = text.isEmpty() || text.charAt(text.length() - 1) != INCOMPLETE;
    if (whole && text.startsWith(printed)) {
      out.print(text.substring(printed.length()));
      out.flush();
      printed = text;
    }
  }
}
