package io.github.blip2j.text.tokenizer;

import io.github.blip2j.text.tokenizer.config.AddedToken;
import io.github.blip2j.text.tokenizer.model.Vocabulary;
import io.github.blip2j.text.tokenizer.normalizer.Normalizer;
import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.unicode.UnicodeData;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Added tokens: new tokens beside the model's own, or marks on some of those. Tokens that are not
 * normalized are searched in the raw text, the others in the normalized text between them.
 */
final class AddedVocabulary {
  private final Vocabulary model;
  private final Map<String, Integer> ids = new HashMap<>();
  private final Map<Integer, AddedToken> tokens = new HashMap<>();
  private final Map<Integer, String> spelled = new HashMap<>(); // of normalized tokens
  private final Set<String> special = new HashSet<>();
  private final TokenTrie plain = new TokenTrie();
  private final TokenTrie normalized = new TokenTrie();
  private final @Nullable Normalizer normalizer;

  /**
   * Adds tokens to a vocabulary. As in the tokenizers library, a token that the model has keeps the
   * model's id, and others get ids after the largest, whatever the file states.
   */
  AddedVocabulary(Vocabulary model, List<AddedToken> added, @Nullable Normalizer normalizer) {
    this.model = model;
    this.normalizer = normalizer;
    int next = model.size();
    // Of several tokens with equal content, the first special one is searched, or else the first.
    Map<String, AddedToken> sought = new LinkedHashMap<>();
    for (AddedToken token : added) {
      if (token.special() && special.add(token.content())) {
        sought.put(token.content(), token);
      }
    }
    for (AddedToken token : added) {
      if (token.content().isEmpty()) {
        continue;
      }
      @Nullable Integer known = idOf(token.content());
      int id = known == null ? next : known;
      next = Math.max(next, id + 1);
      ids.put(token.content(), id);
      tokens.put(id, token);
      if (token.normalized() && normalizer != null) { // decoded in its normalized form
        spelled.put(id, normal(normalizer, token.content()));
      }
      sought.putIfAbsent(token.content(), token);
    }
    sought.values().forEach(token -> seek(token, ids.getOrDefault(token.content(), -1)));
  }

  private void seek(AddedToken token, int id) {
    if (!token.normalized()) {
      plain.add(token.content(), id);
    } else if (normalizer == null) {
      normalized.add(token.content(), id);
    } else {
      normalized.add(normal(normalizer, token.content()), id);
    }
  }

  private static String normal(Normalizer normalizer, String content) {
    return normalizer.apply(Piece.of(content), Budget.of(content.length())).text();
  }

  @Nullable Integer idOf(String token) {
    @Nullable Integer id = ids.get(token);
    return id == null ? model.idOf(token) : id;
  }

  /**
   * A token's decoded text: since version 0.23 the library decodes normalized tokens to their
   * normal form.
   */
  @Nullable String tokenOf(int id) {
    @Nullable AddedToken token = tokens.get(id);
    return token == null ? model.tokenOf(id) : spelled.getOrDefault(id, token.content());
  }

  boolean isSpecial(String token) {
    return special.contains(token);
  }

  /** The number of different tokens, including the model's. */
  int size() {
    return model.size() + (int) ids.keySet().stream().filter(t -> model.idOf(t) == null).count();
  }

  int largestOwnId() {
    return model.tokens().stream()
        .filter(token -> !ids.containsKey(token))
        .mapToInt(model::idOrNone)
        .max()
        .orElse(-1);
  }

  /** Passes on the tokens found and the normalized text between them, in order. */
  void split(String text, Budget budget, IntConsumer foundToken, Consumer<Piece> foundText) {
    split(
        plain,
        Piece.of(text),
        budget,
        foundToken,
        piece -> {
          Piece clean = normalizer == null ? piece : normalizer.apply(piece, budget);
          split(normalized, clean, budget, foundToken, foundText);
        });
  }

  private void split(
      TokenTrie trie,
      Piece piece,
      Budget budget,
      IntConsumer foundToken,
      Consumer<Piece> foundText) {
    String text = piece.text();
    budget.charge(text.length());
    int from = 0;
    for (int at = trie.next(text, 0, budget); at < text.length(); ) {
      int end = trie.endAt(text, at);
      int id = trie.idAt(text, at);
      AddedToken token = Objects.requireNonNull(tokens.get(id));
      int next = trie.next(text, end, budget);
      if (!token.singleWord() || standsAlone(text, at, end)) {
        int start = token.stripsLeft() ? Math.max(from, spaceBefore(text, at)) : at;
        int stop = token.stripsRight() ? spaceBehind(text, end) : end;
        if (from < start) {
          foundText.accept(piece.slice(from, start));
        }
        if (start < stop) {
          foundToken.accept(id);
        }
        from = stop;
      }
      at = next;
    }
    if (from < text.length()) {
      foundText.accept(piece.slice(from, text.length()));
    }
  }

  private static boolean standsAlone(String text, int start, int end) {
    return (start == 0 || !UnicodeData.isWord(text.codePointBefore(start)))
        && (end == text.length() || !UnicodeData.isWord(text.codePointAt(end)));
  }

  private static int spaceBefore(String text, int end) {
    int at = end;
    while (at > 0 && UnicodeData.isWhiteSpace(text.charAt(at - 1))) {
      at--;
    }
    return at;
  }

  private static int spaceBehind(String text, int start) {
    int at = start;
    while (at < text.length() && UnicodeData.isWhiteSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }
}
