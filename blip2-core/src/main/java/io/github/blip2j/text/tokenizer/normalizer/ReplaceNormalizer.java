package io.github.blip2j.text.tokenizer.normalizer;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.pattern.FilePattern;
import io.github.blip2j.text.tokenizer.pattern.Spans;

/** Replaces every match. */
public record ReplaceNormalizer(FilePattern pattern, String content) implements Normalizer {
  @Override
  public Piece apply(Piece piece, Budget budget) {
    String text = piece.text();
    Spans spans = pattern.spans(text, budget);
    if (spans.isOneGap()) {
      return piece;
    }
    var out = new StringBuilder(text.length());
    int head = 0;
    int from = 0;
    for (int i = 0; i < spans.size(); i++) {
      int to = spans.end(i);
      if (spans.isMatch(i)) {
        budget.charge(content.length());
        out.append(content);
        // A replacement of several characters belongs to the last of them.
        head = to <= piece.head() && to > from ? out.length() : head;
      } else {
        budget.charge(to - from);
        out.append(text, from, to);
        head = from < piece.head() ? out.length() - to + Math.min(to, piece.head()) : head;
      }
      from = to;
    }
    return new Piece(out.toString(), head);
  }
}
