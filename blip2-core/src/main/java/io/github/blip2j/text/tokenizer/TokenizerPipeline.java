package io.github.blip2j.text.tokenizer;

import io.github.blip2j.io.file.CheckpointException;
import io.github.blip2j.text.tokenizer.config.TokenizerJson;
import io.github.blip2j.text.tokenizer.decoder.Decoder;
import io.github.blip2j.text.tokenizer.decoder.Decoders;
import io.github.blip2j.text.tokenizer.model.IdList;
import io.github.blip2j.text.tokenizer.model.Model;
import io.github.blip2j.text.tokenizer.model.Models;
import io.github.blip2j.text.tokenizer.normalizer.Normalizer;
import io.github.blip2j.text.tokenizer.normalizer.Normalizers;
import io.github.blip2j.text.tokenizer.normalizer.Overrides;
import io.github.blip2j.text.tokenizer.normalizer.Piece;
import io.github.blip2j.text.tokenizer.pattern.Budget;
import io.github.blip2j.text.tokenizer.pretokenizer.PreTokenizer;
import io.github.blip2j.text.tokenizer.pretokenizer.PreTokenizers;
import io.github.blip2j.text.tokenizer.unicode.Surrogates;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The pipeline that a {@code tokenizer.json} describes: added tokens are found, the text between
 * them is normalized and split into words, and the model splits each word into tokens. The decoder
 * turns ids into text. Immutable, except for a bounded cache of words.
 */
public final class TokenizerPipeline {
  private final String name;
  private final AddedVocabulary vocabulary;
  private final @Nullable PreTokenizer preTokenizer;
  private final Model model;
  private final SpecialTokens specialTokens;
  private final @Nullable Decoder decoder;

  private TokenizerPipeline(
      String name,
      AddedVocabulary vocabulary,
      @Nullable PreTokenizer preTokenizer,
      Model model,
      SpecialTokens specialTokens,
      @Nullable Decoder decoder) {
    this.name = name;
    this.vocabulary = vocabulary;
    this.preTokenizer = preTokenizer;
    this.model = model;
    this.specialTokens = specialTokens;
    this.decoder = decoder;
  }

  /**
   * Reads a tokenizer.
   *
   * @param name the file's name in messages
   * @throws CheckpointException if the file describes no tokenizer, or has unsupported parts
   */
  public static TokenizerPipeline read(Reader json, String name, Overrides overrides)
      throws IOException {
    TokenizerJson file = TokenizerJson.read(json, name);
    if (overrides.precompiledOnly()) {
      file.keepPrecompiledNormalizer();
    }
    @Nullable String parts = overrides.parts();
    if (parts != null) {
      file.replace(parts);
    }
    @Nullable Normalizer normalizer = Normalizers.read(file.part("normalizer"), overrides);
    @Nullable PreTokenizer preTokenizer = PreTokenizers.read(file.part("pre_tokenizer"), overrides);
    SpecialTokens specialTokens = PostProcessors.read(file.part("post_processor"));
    @Nullable Decoder decoder = Decoders.read(file.part("decoder"));
    Model model = Models.read(file);
    file.added.addAll(overrides.added());
    try {
      var vocabulary = new AddedVocabulary(model.vocabulary(), file.added, normalizer);
      return new TokenizerPipeline(
          name,
          vocabulary,
          preTokenizer,
          model,
          overrides.around() == null ? specialTokens : around(overrides.around(), vocabulary),
          decoder);
    } catch (IllegalArgumentException e) { // a normalizer that cannot process an added token
      var exception = new CheckpointException(name + ": added_tokens: " + e.getMessage());
      exception.initCause(e);
      throw exception;
    }
  }

  private static SpecialTokens around(Overrides.Around around, AddedVocabulary vocabulary) {
    return new SpecialTokens(ids(around.before(), vocabulary), ids(around.behind(), vocabulary));
  }

  private static int[] ids(@Nullable String token, AddedVocabulary vocabulary) {
    @Nullable Integer id = token == null ? null : vocabulary.idOf(token);
    return id == null ? new int[0] : new int[] {id};
  }

  /**
   * Ids of the text, without special tokens.
   *
   * @throws IllegalArgumentException if no token covers a part of the text, or the file's
   *     expressions take too long
   */
  public int[] encode(String text) {
    Budget budget = Budget.of(text.length());
    var ids = new IdList();
    Consumer<Piece> word = piece -> model.tokenize(piece.text(), budget, ids);
    vocabulary.split(
        Surrogates.replaced(text),
        budget,
        ids::add,
        piece -> {
          if (preTokenizer == null) {
            word.accept(piece);
          } else {
            preTokenizer.split(piece, budget, word);
          }
        });
    return ids.toArray();
  }

  /** Ids before a text's own; a new array. */
  public int[] idsBefore() {
    return specialTokens.before().clone();
  }

  /** Ids after a text's own; a new array. */
  public int[] idsBehind() {
    return specialTokens.behind().clone();
  }

  /**
   * The text of ids; unknown ids add nothing.
   *
   * @param skipped the treatment of special tokens
   */
  public String decode(int[] ids, SpecialTokenRule skipped) {
    Budget budget = Budget.of(ids.length);
    List<String> tokens = new ArrayList<>(ids.length);
    for (int id : ids) {
      @Nullable String token = vocabulary.tokenOf(id);
      if (token != null && !(skipped == SpecialTokenRule.SKIP && vocabulary.isSpecial(token))) {
        tokens.add(token);
      }
    }
    return decoder == null
        ? String.join(" ", tokens)
        : String.join("", decoder.decode(tokens, budget));
  }

  /** The number of different tokens, including added ones. */
  public int size() {
    return vocabulary.size();
  }

  /** The largest id of a token that is not an added one, or -1. */
  public int largestOwnId() {
    return vocabulary.largestOwnId();
  }

  /** The id of a token, or null. */
  public @Nullable Integer idOf(String token) {
    return vocabulary.idOf(token);
  }

  /** The model type, as in {@code "BPE"}, {@code "WordPiece"}, {@code "Unigram"}. */
  public String modelType() {
    return model.type();
  }

  /** The name of its file. */
  @Override
  public String toString() {
    return name;
  }

  /** The treatment of special tokens in decoding. */
  public enum SpecialTokenRule {
    /** Leaves them out. */
    SKIP,
    /** Keeps them. */
    KEEP
  }
}
