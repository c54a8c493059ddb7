package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.pattern.Spans;
import java.util.function.Consumer;

/**
 * SentencePiece's spaces (Kudo and Richardson 2018): each becomes a visible mark, and words are
 * split before it.
 *
 * @param mark one character, usually U+2581
 * @param scheme which texts get the mark put before them
 * @param splits whether the marks begin new parts
 */
public record MetaspacePreTokenizer(String mark, PrependScheme scheme, boolean splits)
    implements PreTokenizer {
  @Override
  public void split(Piece piece, Budget budget, Consumer<Piece> out) {
    budget.charge(piece.text().length());
    Piece marked = marked(piece);
    if (!splits) {
      out.accept(marked);
      return;
    }
    String text = marked.text();
    var spans = new Spans();
    for (int at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length())) {
      spans.addMatch(at, at + mark.length());
    }
    spans.addGap(text.length());
    SplitBehavior.MERGED_WITH_NEXT.split(marked, spans, out);
  }

  private Piece marked(Piece piece) {
    String text = piece.text().replace(" ", mark);
    int head = piece.head();
    if (head > 0) { // the first character is one, so it is a space or none
      head += text.length() == piece.text().length() ? 0 : widened(piece);
    }
    var replaced = new Piece(text, Math.min(head, text.length()));
    boolean prepends =
        switch (scheme) {
          case ALWAYS -> true;
          case FIRST -> piece.isFirst();
          case NEVER -> false;
        };
    return prepends && !text.startsWith(mark) ? replaced.behind(mark) : replaced;
  }

  /** How much longer the head gets by marks of two chars. */
  private int widened(Piece piece) {
    long spaces = piece.text().substring(0, piece.head()).chars().filter(c -> c == ' ').count();
    return (int) spaces * (mark.length() - 1);
  }

  /** Which texts get a mark put before them, unless one is there. */
  public enum PrependScheme {
    ALWAYS,
    /** The one that begins the whole text; not those behind added tokens. */
    FIRST,
    NEVER
  }
}
