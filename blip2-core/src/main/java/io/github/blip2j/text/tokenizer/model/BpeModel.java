package io.github.blip2j.text.tokenizer.model;

import io.github.blip2j.text.tokenizer.pattern.Budget;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding (Sennrich et al. 2016): a word begins as characters, and the adjacent pair
 * with the lowest merge rank is merged until no merge applies.
 */
final class BpeModel implements Model {
  // As many words as the library caches, none of them long.
  private static final int MOST_REMEMBERED = 10_000;
  private static final int LONGEST_REMEMBERED = 64;

  private final Vocabulary vocabulary;
  private final Merges merges;
  private final Options options;
  private final int unknown;
  private final int[] byteIds;
  private final int[] asciiIds = new int[128];
  private final ConcurrentMap<String, int[]> remembered = new ConcurrentHashMap<>();

  /**
   * Settings from the file.
   *
   * @param unknown the token for characters outside the vocabulary, which are left out without it
   * @param prefix the prefix of every character but a word's first
   * @param suffix the suffix of a word's last character
   * @param fusesUnknown whether adjacent unknown characters are one token
   * @param fallsBackToBytes whether unknown characters become byte tokens, where those exist
   * @param ignoresMerges whether a word that is a token is used without merges
   */
  record Options(
      @Nullable String unknown,
      String prefix,
      String suffix,
      boolean fusesUnknown,
      boolean fallsBackToBytes,
      boolean ignoresMerges) {}

  BpeModel(Vocabulary vocabulary, Merges merges, Options options) {
    this.vocabulary = vocabulary;
    this.merges = merges;
    this.options = options;
    this.unknown = options.unknown() == null ? -1 : vocabulary.idOrNone(options.unknown());
    this.byteIds = vocabulary.byteIds();
    for (char c = 0; c < asciiIds.length; c++) {
      asciiIds[c] = vocabulary.idOrNone(String.valueOf(c));
    }
  }

  @Override
  public void tokenize(String word, Budget budget, IdList out) {
    if (options.ignoresMerges()) {
      int id = vocabulary.idOrNone(word);
      if (id >= 0) {
        out.add(id);
        return;
      }
    }
    int @Nullable [] known = remembered.get(word);
    if (known == null) {
      budget.charge(20L * word.length());
      known = merges.merge(symbols(word));
      if (word.length() <= LONGEST_REMEMBERED && remembered.size() < MOST_REMEMBERED) {
        remembered.put(word, known);
      }
    }
    out.addAll(known);
  }

  private int[] symbols(String word) {
    var ids = new IdList();
    boolean pending = false; // an unknown token that following ones may be fused with
    for (int i = 0; i < word.length(); ) {
      int codePoint = word.codePointAt(i);
      int next = i + Character.charCount(codePoint);
      @Nullable String symbol = symbol(codePoint, i == 0, next == word.length());
      int id = symbol == null ? asciiIds[codePoint] : vocabulary.idOrNone(symbol);
      i = next;
      if (id >= 0) {
        if (pending) {
          ids.add(unknown);
          pending = false;
        }
        ids.add(id);
        continue;
      }
      String lacking = symbol == null ? Character.toString(codePoint) : symbol;
      if (options.fallsBackToBytes() && addBytes(lacking, ids)) {
        continue;
      }
      if (options.unknown() != null) {
        if (unknown < 0) {
          throw Model.unknown(type(), options.unknown());
        }
        if (pending && !options.fusesUnknown()) {
          ids.add(unknown);
        }
        pending = true;
      }
    }
    if (pending) {
      ids.add(unknown);
    }
    return ids.toArray();
  }

  /** The spelling of a character in the vocabulary; null for plain ASCII. */
  private @Nullable String symbol(int codePoint, boolean first, boolean last) {
    boolean prefixed = !first && !options.prefix().isEmpty();
    boolean suffixed = last && !options.suffix().isEmpty();
    if (!prefixed && !suffixed) {
      return codePoint < asciiIds.length ? null : Character.toString(codePoint);
    }
    return (prefixed ? options.prefix() : "")
        + Character.toString(codePoint)
        + (suffixed ? options.suffix() : "");
  }

  /**
   * Adds the tokens of the bytes, unless one is missing. The library puts them before a pending
   * unknown token.
   */
  private boolean addBytes(String symbol, IdList ids) {
    byte[] utf8 = symbol.getBytes(StandardCharsets.UTF_8);
    int[] tokens = new int[utf8.length];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = byteIds[utf8[i] & 0xFF];
      if (tokens[i] < 0) {
        return false;
      }
    }
    ids.addAll(tokens);
    return true;
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  public String type() {
    return "BPE";
  }
}
