package io.github.blip2j.text.tokenizer.pretokenizer;

import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.pattern.Spans;
import java.util.function.Consumer;

/**
 * SentencePiece's treatment of spaces (Kudo and Richardson 2018): each becomes a visible mark, and
 * words are split before it.
 *
 * @param mark one character, usually U+2581
 * @param scheme the texts that get a mark as a prefix
 * @param splits whether marks begin new parts
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
    if (head > 0) { // the first character is a single char
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

  /** The number of chars that the head grows by marks of two chars. */
  private int widened(Piece piece) {
    long spaces = piece.text().substring(0, piece.head()).chars().filter(c -> c == ' ').count();
    return (int) spaces * (mark.length() - 1);
  }

  /** The texts that get a mark as a prefix, unless they begin with one. */
  public enum PrependScheme {
    ALWAYS,
    /** The text that begins the whole input; not those after added tokens. */
    FIRST,
    NEVER
  }
}
